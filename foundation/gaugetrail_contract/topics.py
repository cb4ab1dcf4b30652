"""MQTT topics: who writes where. An agent writes only under its own name, and a record counts only there."""

from __future__ import annotations

from gaugetrail_contract.text import refuse_name

ROOT = "gaugetrail/v1"
COLLECTORS = "collectors"
DOCUMENTS = "documents"
LINES = "lines"
RESERVED = frozenset({COLLECTORS, DOCUMENTS, LINES})
"""Second levels that are not agents; an agent can't be called so."""

SHARED_RECORDS = f"$share/collectors/{ROOT}/+/records"
"""What collectors subscribe to: the broker hands each message to one of them."""
ALL_RECORDS = f"{ROOT}/+/records"
ALL_AGENT_STATUS = f"{ROOT}/+/status"
ALL_COLLECTOR_STATUS = f"{ROOT}/{COLLECTORS}/+/status"
ALL_DOCUMENTS = f"{ROOT}/{DOCUMENTS}/"
"""How every topic of documents begins."""
DOCUMENTS_ROOT = f"{ROOT}/{DOCUMENTS}/root"
"""Which documents count: signed, retained, said by the collector that writes them."""
DOCUMENT_PAGES = f"{ROOT}/{DOCUMENTS}/pages/+"
ALL_QUESTIONS = f"{ROOT}/+/questions"
"""What stations ask of the store; every collector hears it, and one answer is enough."""
ALL_VERDICTS = f"{ROOT}/+/verdicts"
"""What a display of the whole plant, or an MES, subscribes to."""
ALL_OF_LINES = f"{ROOT}/{LINES}/"
"""How every topic of a line begins."""
INTRODUCTIONS = "/introductions"
ALL_OF_COLLECTORS = (ALL_COLLECTOR_STATUS, f"{ROOT}/{COLLECTORS}/+{INTRODUCTIONS}")
"""What collectors say to every agent: how they are, and which others they know."""


def check_agent(agent: str) -> str:
    """`agent`, if it can be an agent's name. Raises `ValueError` saying why not."""
    reason = refuse_name(agent)
    if reason is None and agent in RESERVED:
        reason = f"it is reserved ({', '.join(sorted(RESERVED))} are not agents)"
    if reason is not None:
        raise ValueError(f"{agent!r} can't be an agent's name: {reason}")
    return agent


def records(agent: str) -> str:
    """Where the agent publishes its records."""
    return f"{ROOT}/{agent}/records"


def receipts(agent: str) -> str:
    """Where collectors say what they have stored for the agent."""
    return f"{ROOT}/{agent}/receipts"


def status(agent: str) -> str:
    """The agent's retained status document, last will included."""
    return f"{ROOT}/{agent}/status"


def alarms(agent: str) -> str:
    """What the station must show."""
    return f"{ROOT}/{agent}/alarms"


def commands(agent: str) -> str:
    """What the station must do."""
    return f"{ROOT}/{agent}/commands"


def pins(agent: str) -> str:
    """What this agent alone is told of PINs, in a box that it alone opens."""
    return f"{ROOT}/{agent}/pins"


def questions(agent: str) -> str:
    """What the agent's stations ask of the store."""
    return f"{ROOT}/{agent}/questions"


def answers(agent: str) -> str:
    """What collectors answer the agent."""
    return f"{ROOT}/{agent}/answers"


def verdicts(agent: str) -> str:
    """What the agent says of each inspection to displays and an MES. No machine is released by it."""
    return f"{ROOT}/{agent}/verdicts"


def agent_trial(agent: str) -> str:
    """Where the agent's `doctor` tries what the broker takes. Nobody reads it."""
    return f"{ROOT}/{agent}/doctor"


def collector_trial(collector: str) -> str:
    """The same of a collector."""
    return f"{ROOT}/{COLLECTORS}/{collector}/doctor"


def line_holds(line: str) -> str:
    """What is held on the line: signed, retained, said by the collector that writes documents."""
    return f"{ROOT}/{LINES}/{line}/holds"


def line_hold_page(line: str, number: int) -> str:
    """The page of that number, from 0."""
    return f"{ROOT}/{LINES}/{line}/holds/{number}"


def line_hold_pages(line: str) -> str:
    """Every page of the line's list."""
    return f"{ROOT}/{LINES}/{line}/holds/+"


def collector_status(collector: str) -> str:
    """A collector's retained status document."""
    return f"{ROOT}/{COLLECTORS}/{collector}/status"


def document_page(number: int) -> str:
    """The page of that number, from 0."""
    return f"{ROOT}/{DOCUMENTS}/pages/{number}"


def document_part(sha256: str, number: int) -> str:
    """A part of the text of that digest, from 1."""
    return f"{ROOT}/{DOCUMENTS}/parts/{sha256}/{number}"


def document_parts(sha256: str) -> str:
    """Every part of that text."""
    return f"{ROOT}/{DOCUMENTS}/parts/{sha256}/+"


def introductions(collector: str) -> str:
    """Where a collector says, retained, which others it knows."""
    return f"{ROOT}/{COLLECTORS}/{collector}{INTRODUCTIONS}"


def agent_of(topic: str) -> str | None:
    """The agent that a `…/records`, `…/receipts` or `…/status` topic belongs to; null for any other topic."""
    steps = topic.split("/")
    if len(steps) != 4 or steps[0] + "/" + steps[1] != ROOT or steps[2] in RESERVED or not steps[2]:
        return None
    return steps[2]
