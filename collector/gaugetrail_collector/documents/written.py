"""The records that documents are written in: from a step, a text, a beginning to the body of an event. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gaugetrail_collector.documents.texts import parts_of
from gaugetrail_collector.evidence.own_chain import SITE, OwnChain
from gaugetrail_contract.documents.editions import Life, LifeStep
from gaugetrail_contract.documents.step_event import step_event
from gaugetrail_contract.events.documents import DocumentsMaster
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.record import EventBody, Subject


def step_body(chain: OwnChain, life: Life, step: LifeStep, role: str) -> EventBody:
    """The step as the last one of that life, which has it already."""
    said = step_event(life, step, len(life.steps))
    body = _body(chain, life.id, said, step.by, role, step.comment)
    return body if step.draft is None else msgspec.structs.replace(body, attachments=step.draft.attachments)


def part_bodies(chain: OwnChain, sha256: str, content: bytes, there: Mapping[int, bytes]) -> list[EventBody]:
    """The parts of a text that the store lacks, or has otherwise."""
    lacking = (part for part in parts_of(content) if there.get(part.number) != part.content)
    return [_body(chain, sha256, part) for part in lacking]


def master_body(chain: OwnChain, said: DocumentsMaster, comment: str) -> EventBody:
    """This collector writes from now on."""
    return _body(chain, chain.agent, said, said.administrator, "administrator", comment)


def said_body(chain: OwnChain, said: EventPayload, by: str, role: str) -> EventBody:
    """Something of this collector's that is about no document."""
    return _body(chain, chain.agent, said, by, role)


def _body(
    chain: OwnChain, subject: str, said: EventPayload, by: str | None = None, role: str | None = None, comment: str = ""
) -> EventBody:
    return EventBody(
        site=SITE,
        line=chain.collector,
        station=chain.purpose,
        type=said.TYPE,
        subject=Subject(kind=said.SUBJECT, id=subject),
        payload=said.written(),
        by=by,
        role=role,
        reason=comment or None,
    )
