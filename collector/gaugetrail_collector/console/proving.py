"""Somebody decides in the console: who they are is proven by their password again, then it is done, or the form told.

A session alone decides nothing, so that a browser left open does no harm; wrong passwords wait as at the log-on. What
can't be asked is 400, what isn't there 404, what is refused 409 with the form as it was typed, but for the password.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from gaugetrail_collector.console.documents.asked import in_sentences
from gaugetrail_collector.console.logon import address_of
from gaugetrail_collector.console.pages import form_of, user_of
from gaugetrail_collector.documents.desk import Declined
from gaugetrail_collector.stores import StoreDown
from gaugetrail_service.web.password_desk import Busy, PasswordDesk
from gaugetrail_service.web.sessions import Sessions

Fields = Mapping[str, str]


async def proven(
    request: Request,
    sessions: Sessions,
    desk: PasswordDesk,
    done: Callable[[Fields, str], HTMLResponse],
    again: Callable[[Fields, str, str, int], HTMLResponse],
) -> HTMLResponse:
    """What is done once the person has proven who they are; the form again, with the reason, where it isn't."""
    fields, user = await form_of(request), user_of(request)
    if user is None:
        raise HTTPException(403, "log on first")
    password, source = fields.get("password", ""), address_of(request)
    try:
        await desk.try_one(lambda: sessions.prove(user, password, source))
        return await run_in_threadpool(done, fields, user)
    except PermissionError as error:
        code, trouble = 403, f"{error}; nothing was done"
    except Busy as error:
        code, trouble = 503, str(error)
    except StoreDown as error:
        told = f"the store stopped answering ({error}): look whether it was done before you do it again"
        raise HTTPException(503, told) from error
    except ValueError as error:
        raise HTTPException(400, str(error)) from error
    except Declined as error:
        code, trouble = 409, f"{error}. Nothing was done"
    with in_sentences():
        return await run_in_threadpool(again, fields, user, trouble, code)
