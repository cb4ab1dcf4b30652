"""What the spool knows that a station asks: how much of an order is done, whether a unit was here, what records say.

Promise: a spool that can't be read costs the answer and no more; it is told, and nothing can be recorded then either.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from gaugetrail_agent.spool import Spool, SpoolBroken
from gaugetrail_agent.station.choosing.order_choice import order_named
from gaugetrail_agent.station.given.orders_here import OrderAtWork, OrderCount, count_key, order_key
from gaugetrail_agent.station.looking_back import FoundRecords, RecordSearch, look_back
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import CountOrders, RecallUnit, TakeOrder
from gaugetrail_agent.station.words.happening import OrdersCounted, OrderTaken, UnitRecalled

log = logging.getLogger(__name__)


def recalled(
    spool: Spool, station: str, effect: TakeOrder | CountOrders | RecallUnit
) -> OrderTaken | OrdersCounted | UnitRecalled:
    """What a station has asked, answered."""
    match effect:
        case TakeOrder():
            return OrderTaken(_counted(spool, station, effect.work), effect.scan)
        case CountOrders():
            return OrdersCounted(tuple(_counted(spool, station, one) for one in effect.orders), effect.count)
        case RecallUnit():
            return UnitRecalled(_been_here(spool, station, effect), effect.scan)


def order_count(spool: Spool, station: str, order: str) -> OrderCount:
    """How much of the order is done here."""
    try:
        return OrderCount.read(spool.recall(count_key(station, order)))
    except SpoolBroken as error:
        log.error("%s: how much of order %s is done can't be read: %s", station, order, error)
        return OrderCount()


def order_left(spool: Spool, setup: Setup) -> OrderAtWork | None:
    """The order of the agent's last life, if it may still be worked at."""
    name = spool.recall(order_key(setup.station)) if setup.orders is not None else None
    found = order_named(setup, name) if name else None
    return _counted(spool, setup.station, found) if isinstance(found, OrderAtWork) else None


def records_found(spool: Spool, station: str, wanted: RecordSearch) -> FoundRecords:
    """What the records of this PC say. There may be many: not for the loop."""
    try:
        return look_back(spool.newest_first(), wanted)
    except SpoolBroken as error:
        log.error("%s: its records can't be looked through: %s", station, error)
        return FoundRecords(whole=False)


def _counted(spool: Spool, station: str, work: OrderAtWork) -> OrderAtWork:
    return replace(work, count=order_count(spool, station, work.order.id))


def _been_here(spool: Spool, station: str, effect: RecallUnit) -> int:
    try:
        last = spool.last_attempt(station, effect.part, effect.serial)
    except SpoolBroken as error:  # nothing can be recorded either, which is told then
        log.error("%s: whether %s was here can't be read: %s", station, effect.serial, error)
        return 0
    return 0 if last is None else last[0]
