"""Letters: where they go, in which language, and what is never said about them in the log."""

import dataclasses
import datetime
import email
import email.policy
import ssl
import stat
from pathlib import Path
from typing import Any

import pytest
import structlog.testing
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from api import settings, texts
from api.signin import accounts, letters
from tests.identity import mailbox, visitor
from wallet import database, ids

LINK = "http://localhost:8000/verify?key=" + "k" * 43
JOAO = accounts.Person(
    kind="member",
    principal_id=ids.new(),
    name="João",
    email="joao@example.org",
    password_hash=None,
    password_at=None,
    email_verified_at=None,
    locale=None,
)


def _house(folder: Path, **chosen: Any) -> settings.Settings:
    return settings.Settings(_env_file=None, data_dir=folder, **chosen)


def _letter(language: str = "en") -> letters.Letter:
    return letters.compose("recover", JOAO, language, link=LINK, minutes=30)


def test_a_letter_is_plain_text_that_a_link_can_be_copied_from() -> None:
    letter = _letter()

    assert letter.subject == "Your link to sign in"
    assert letter.text.startswith("Hello João,\n\nOpen this link")
    assert f"\n\n{LINK}\n\n" in letter.text
    assert all(len(line) <= 72 or line == LINK for line in letter.text.splitlines())


@pytest.mark.parametrize("kind", ["recover", "confirm"])
@pytest.mark.parametrize(
    ("language", "begins"),
    [("pt", "Olá, João,\n\nAbra este link"), ("es", "Hola, João:\n\nAbre este enlace")],
)
def test_a_letter_reads_well_in_other_languages(kind: str, language: str, begins: str) -> None:
    letter = letters.compose(kind, JOAO, language, link=LINK, minutes=30)

    assert letter.text.startswith(begins)
    assert "30 minutos" in letter.text


@pytest.mark.parametrize("what", ["recovered", "password", "passkey_added", "passkey_removed"])
@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_change_has_its_letter(what: str, language: str) -> None:
    letter = letters.compose("changed", JOAO, language, what=what, recover="http://x/recover")

    assert len(letter.subject) > 10
    assert letter.text.count("\n\n") == 3
    assert "\n\n\n" not in letter.text
    assert letter.text.endswith("http://x/recover\n")


def test_the_language_that_somebody_chose_comes_first() -> None:
    chosen = dataclasses.replace(JOAO, locale="pt")

    assert letters.compose("recover", chosen, "en", link=LINK, minutes=30).subject.startswith("Seu")


def test_what_opens_a_door_is_not_shown_by_chance() -> None:
    assert LINK not in repr(_letter())
    assert JOAO.email not in repr(_letter())


async def test_a_letter_in_a_file_is_for_this_user_only(tmp_path: Path) -> None:
    assert await letters.send(_house(tmp_path), _letter())

    (file,) = (tmp_path / "letters").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert LINK in file.read_text(encoding="utf-8")


async def test_the_log_never_holds_a_link_or_an_address(tmp_path: Path) -> None:
    async with mailbox.open_mailbox(refuses=b"550 no joao@example.org here") as box:
        houses = [
            _house(tmp_path, mailer="log"),
            _house(tmp_path),
            _house(tmp_path, mailer="smtp", smtp_url=f"smtp://me:hidden@localhost:{box.port}"),
            _house(tmp_path, mailer="smtp", smtp_url="smtp://me:hidden@localhost:1"),
        ]
        with structlog.testing.capture_logs() as logged:
            sent = [await letters.send(house, _letter()) for house in houses]

    assert [True, True, False, False] == sent
    assert ["letter.sent", "letter.sent", "letter.failed", "letter.failed"] == [
        one["event"] for one in logged
    ]
    for secret in (LINK, JOAO.email, "hidden", "no joao"):
        assert secret not in str(logged)


async def test_a_mail_server_gets_a_whole_letter(tmp_path: Path) -> None:
    async with mailbox.open_mailbox() as box:
        url = f"smtp://me%40x:p%2Fw@localhost:{box.port}"
        sent = await letters.send(_house(tmp_path, mailer="smtp", smtp_url=url), _letter("pt"))

    assert sent
    (raw,) = box.letters
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    assert letter["To"] == JOAO.email
    assert letter["Subject"] == "Seu link para entrar"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@localhost>")
    body = letter.get_body()
    assert body is not None
    assert LINK in body.get_content()
    assert "Olá, João," in body.get_content()


async def test_a_mail_server_that_cannot_show_who_it_is_gets_nothing(tmp_path: Path) -> None:
    async with mailbox.open_mailbox(tls=_self_signed(tmp_path)) as box:
        url = f"smtps://localhost:{box.port}"
        with structlog.testing.capture_logs() as logged:
            sent = await letters.send(_house(tmp_path, mailer="smtp", smtp_url=url), _letter())

    assert not sent
    assert logged[0]["error"] == "SSLCertVerificationError"
    assert box.said == []


async def test_a_letter_does_not_leave_this_machine_unencrypted(tmp_path: Path) -> None:
    # By its number this is the same server; only a name of this very machine may go without TLS.
    async with mailbox.open_mailbox() as box:
        url = f"smtp://me:hidden@127.0.0.2:{box.port}"
        sent = await letters.send(_house(tmp_path, mailer="smtp", smtp_url=url), _letter())

    assert not sent
    assert not any("AUTH" in line or "MAIL" in line for line in box.said)


async def test_a_page_does_not_care_that_a_letter_was_refused(
    db: database.Database, tmp_path: Path, ana: accounts.Person
) -> None:
    async with (
        mailbox.open_mailbox(refuses=b"451 later") as box,
        visitor.visit(
            db, tmp_path, mailer="smtp", smtp_url=f"smtp://localhost:{box.port}"
        ) as browser,
    ):
        answer = await browser.post("/recover", email=ana.email)
        await browser.sign_in(ana.email)
        changed = await browser.post("/account/password", password="quite another set of words")

    assert [200, 303] == [answer.status_code, changed.status_code]


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
