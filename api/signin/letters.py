"""Letters: plain text, in the reader's language, by the mailer that the settings name.

A letter that cannot be sent is logged by its kind and the kind of the error. Links, addresses and
what a server answered stay out of the log.
"""

import asyncio
import dataclasses
import datetime
import email.message
import email.utils
import os
import secrets
import smtplib
import ssl
import textwrap
import urllib.parse
from typing import Final

import structlog

from api import settings
from api.signin import accounts, pages

log = structlog.get_logger("letters")

SMTP_SECONDS_MAX: Final = 20
LINE_CHARS: Final = 72
SUBMISSION: Final = 587
SUBMISSIONS: Final = 465


@dataclasses.dataclass(frozen=True, slots=True)
class Letter:
    """One letter; what is in it may open a door, so it is not shown by chance."""

    kind: str
    to: str = dataclasses.field(repr=False)
    subject: str
    text: str = dataclasses.field(repr=False)


def compose(kind: str, person: accounts.Person, language: str, **values: object) -> Letter:
    """Write a letter to a person. The first line of its template is the subject."""
    written = pages.write(
        person.locale or language, f"letters/{kind}.txt", name=person.name, **values
    )
    subject, _, text = written.partition("\n")
    return Letter(kind=kind, to=person.email, subject=subject, text=_folded(text.strip()) + "\n")


async def send(house: settings.Settings, letter: Letter) -> bool:
    """Send a letter; False, and a line in the log, if it did not leave."""
    try:
        if house.mailer == "smtp":
            await asyncio.to_thread(_post, house, letter)
        elif house.mailer == "file":
            await asyncio.to_thread(_keep, house, letter)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        log.warning(
            "letter.failed",
            kind=letter.kind,
            mailer=house.mailer,
            error=type(error).__name__,
            code=getattr(error, "smtp_code", None),
        )
        return False
    log.info("letter.sent", kind=letter.kind, mailer=house.mailer)
    return True


def _folded(text: str) -> str:
    """Break long lines for a plain reader, but never a link."""
    return "\n".join(
        textwrap.fill(line, LINE_CHARS, break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    )


def _keep(house: settings.Settings, letter: Letter) -> None:
    """Write it into a file of its own, for this user only, which is there whole or not at all."""
    folder = house.data_dir / "letters"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)
    path = folder / f"{now:%Y%m%dT%H%M%S.%f}-{letter.kind}-{secrets.token_hex(4)}.txt"
    begun = path.with_suffix(".part")
    opened = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        file.write(f"To: {letter.to}\nSubject: {letter.subject}\n\n{letter.text}")
    begun.rename(path)


def _post(house: settings.Settings, letter: Letter) -> None:
    """Give it to the mail server, encrypted on every way that leaves this machine."""
    assert house.smtp_url is not None, "the settings checked it"
    url = urllib.parse.urlsplit(house.smtp_url.get_secret_value())
    host, trust = url.hostname or "", ssl.create_default_context()
    server: smtplib.SMTP
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(
            host, url.port or SUBMISSIONS, timeout=SMTP_SECONDS_MAX, context=trust
        )
    else:
        server = smtplib.SMTP(host, url.port or SUBMISSION, timeout=SMTP_SECONDS_MAX)
    with server:
        if url.scheme != "smtps" and host not in settings.LOOPBACK:
            server.starttls(context=trust)
        if url.username:
            server.login(
                urllib.parse.unquote(url.username), urllib.parse.unquote(url.password or "")
            )
        server.send_message(_message(house, letter))


def _message(house: settings.Settings, letter: Letter) -> email.message.EmailMessage:
    message = email.message.EmailMessage()
    message["From"] = house.mail_from
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = email.utils.localtime()
    host = urllib.parse.urlsplit(house.origin).hostname or "localhost"
    message["Message-ID"] = email.utils.make_msgid(domain=host)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
    message.set_content(letter.text)
    return message
