"""The roles that the people documents in force give: badge -> roles, the badge being the user's name at the console.

Where several hold (one for each line), a person has the roles of all. A list in which nobody may write or approve
documents keeps no roles, and decides nothing here; nor does one that can't be read, which is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from pydantic import ValidationError

from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.texts import TextMissing, stored_text
from gaugetrail_collector.stores import Store
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.documents.lists import csv_sheet, people_in
from gaugetrail_contract.documents.people import PeopleList
from gaugetrail_contract.documents.rights import RoleBook, roles_of
from gaugetrail_contract.files import text_of
from gaugetrail_contract.settings import ConfigError
from gaugetrail_contract.toml_words import TomlFault, read_toml

log = logging.getLogger(__name__)


def read_people(store: Store, sha256: str) -> PeopleList:
    """The list in the text of that digest. Raises `TextMissing`, `StoreDown` and as `people_of`."""
    return people_of(stored_text(store, sha256))


def role_book(
    store: Store, register: DocumentRegister, now_us: int, read: Callable[[Store, str], PeopleList] = read_people
) -> RoleBook:
    """Who may do what at that moment. Raises `StoreDown`."""
    lists: list[PeopleList] = []
    for life in register.lives.values():
        holding = life.holding(now_us) if life.kind is DocumentKind.PEOPLE else None
        if holding is None:
            continue
        try:
            lists.append(read(store, holding.draft.sha256))
        except (TextMissing, ConfigError, ValidationError, UnicodeDecodeError) as error:
            log.warning("the people document %s gives nobody a role: %s", life.id, error)
    return RoleBook(register.administrators, roles_of(lists))


def people_of(content: bytes) -> PeopleList:
    """The list in a text, TOML or CSV. Raises `ConfigError`, `ValidationError`, `UnicodeDecodeError`."""
    text = text_of(content)
    try:
        return PeopleList.model_validate(read_toml(text))
    except TomlFault:
        return people_in(csv_sheet("people", text))
