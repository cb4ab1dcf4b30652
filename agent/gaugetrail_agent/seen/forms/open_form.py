"""Which form is open at a station: null where what is asked is one question."""

from __future__ import annotations

from gaugetrail_agent.seen.forms.change_over import ChangeOverForm, change_over_form
from gaugetrail_agent.seen.forms.order_list import OrdersForm, orders_form
from gaugetrail_agent.seen.forms.reaction import ReactionForm, reaction_form
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.before_unit.set_up import ABOUT_CHANGE_OVER
from gaugetrail_agent.station.workflow.order_list import ABOUT_ORDERS
from gaugetrail_agent.station.workflow.reactions.asking import ABOUT_REACTION

Form = ChangeOverForm | ReactionForm | OrdersForm


def open_form(setup: Setup, state: StationState) -> Form | None:
    """By what the dialog is about."""
    dialog = state.dialog
    if dialog is None or state.pin is not None:
        return None
    if dialog.about == ABOUT_CHANGE_OVER:
        return change_over_form(state, dialog)
    if dialog.about == ABOUT_REACTION:
        return reaction_form(setup, state)
    return orders_form(dialog) if dialog.about == ABOUT_ORDERS else None
