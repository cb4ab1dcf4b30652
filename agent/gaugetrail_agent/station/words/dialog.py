"""What whoever stands there is asked. Pure data; who takes the answer is a matter of `workflow.dialogs`."""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_agent.languages.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that may be given: what is scanned, typed or pressed, and what it means."""

    code: str
    says: Sentence


@dataclass(frozen=True, slots=True)
class Dialog:
    """Something that whoever stands there is asked. Nothing is measured until it is answered."""

    about: str
    """Who takes the answer, by the name in `workflow.dialogs`."""
    asks: Sentence
    choices: tuple[Choice, ...] = ()
    """Empty: a text of one's own."""
    data: object = None
    """What the one who asks needs with the answer: frozen, and compared."""
    takes_badge: bool = False
    """A badge is an answer, and logs nobody on."""
    badge_is_named: bool = False
    """Whose badge it is needn't be there: no PIN is asked for it."""
    takes_unit: bool = False
    """A unit or lot is an answer, too, whether or not it is among the choices."""
    may_cancel: bool = True
    """What may be left is whoever's who began it, and goes with them; the rest is the unit's or the station's."""
    takes_value: str | None = None
    """What this device sends is an answer, too."""
    under: Dialog | None = None
    """What was asked already, and is again once this is answered or left."""


@dataclass(frozen=True, slots=True)
class PinWanted:
    """Somebody has shown a badge that has a PIN; `trying`: one was typed and is being tried. `allows`: to allow
    what was refused, and not to work here.
    """

    badge: str
    allows: bool = False
    trying: bool = False
    answers: bool = False
    """The badge is the answer to what is asked."""
