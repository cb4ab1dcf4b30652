"""The figures are those of the status documents: whatever number a document has, Prometheus gets."""

from __future__ import annotations

import typing
from typing import Any

import pytest
from pydantic import BaseModel

from gaugetrail_contract.figures import AGENT_FIGURES, COLLECTOR_FIGURES, Figure
from gaugetrail_contract.status import AgentStatus, CollectorStatus, DeliveryStatus, DeviceStatus, SpoolStatus

AGENT = AgentStatus(
    online=True,
    agent="pc1",
    spool=SpoolStatus(epoch="abcdefgh", last_seq=0, waiting=0, bytes=0),
    delivery=DeliveryStatus(connected=True),
    devices={"bore": DeviceStatus(up=True)},
)
COLLECTOR = CollectorStatus(online=True, collector="c1", tag_budget=100)
ODD = 4242


def values(figures: tuple[Figure[Any], ...], status: BaseModel) -> set[float]:
    return {value for figure in figures for _, value in figure.read(status)}


def numbers(model: type[BaseModel]) -> list[str]:
    """The fields of a document that hold a number."""
    kinds = {name: {one.annotation, *typing.get_args(one.annotation)} for name, one in model.model_fields.items()}
    return [name for name, kind in kinds.items() if {int, float} & kind]


@pytest.mark.parametrize("name", numbers(SpoolStatus))
def test_each_number_of_the_spool_is_a_figure(name: str) -> None:
    status = AGENT.model_copy(update={"spool": AGENT.spool.model_copy(update={name: ODD})})  # type: ignore[union-attr]
    assert {ODD, ODD / 1000} & values(AGENT_FIGURES, status)


@pytest.mark.parametrize("name", numbers(DeliveryStatus))
def test_each_number_of_delivery_is_a_figure(name: str) -> None:
    delivery = AGENT.delivery.model_copy(update={name: ODD})  # type: ignore[union-attr]
    assert ODD in values(AGENT_FIGURES, AGENT.model_copy(update={"delivery": delivery}))


@pytest.mark.parametrize("name", numbers(DeviceStatus))
def test_each_number_of_a_device_is_a_figure(name: str) -> None:
    device = AGENT.devices["bore"].model_copy(update={name: ODD})
    assert ODD in values(AGENT_FIGURES, AGENT.model_copy(update={"devices": {"bore": device}}))


@pytest.mark.parametrize("name", numbers(CollectorStatus))
def test_each_number_of_the_collector_is_a_figure(name: str) -> None:
    assert ODD in values(COLLECTOR_FIGURES, COLLECTOR.model_copy(update={name: ODD}))


def test_no_two_figures_share_a_name() -> None:
    names = [figure.name for figure in (*AGENT_FIGURES, *COLLECTOR_FIGURES)]
    assert len(names) == len(set(names))
