"""Messages in the language of the request; codes in none."""

from babel.messages import pofile

from api import texts
from api.graphql import failures, wording
from api.identity import stepup
from tests.api import client
from tests.conftest import ROOT
from wallet import errors

UNKNOWN = 'mutation { redemptionCodeCreate(merchantId: "mer_x") { errors { code message } } }'


def test_every_refusal_and_every_failure_for_people_is_translated() -> None:
    known = {one.advice for one in errors.CODES.values()}
    known |= {failures.CODES[code][1] for code in failures.FOR_PEOPLE}
    known |= set(stepup.WORDS.values())
    for language in texts.LANGUAGES:
        if language == texts.SOURCE:
            continue
        path = ROOT / "api" / "locale" / language / "LC_MESSAGES" / "refusals.po"
        with path.open("rb") as file:
            written = {one.id: one.string for one in pofile.read_po(file) if one.id}

        assert known == set(written)
        assert all(string and string != key for key, string in written.items())


async def test_a_refusal_is_said_in_the_language_of_the_request(ana: client.Client) -> None:
    for accepted, language, said in (
        ("pt-BR,pt;q=0.9,en;q=0.5", "pt", "Não há nada aqui com este id"),
        ("es-AR,es;q=0.9,pt;q=0.5", "es", "Aquí no hay nada con este id"),
        ("en-GB,pt;q=0.1", "en", "This is not the id of a merchant"),
        ("fr, *;q=0.1", "en", "This is not the id of a merchant"),
        (";;;q=x,,", "en", "This is not the id of a merchant"),
    ):
        answer = await ana.ask(UNKNOWN, headers={"Accept-Language": accepted})
        (error,) = answer.data["redemptionCodeCreate"]["errors"]

        assert (accepted, language) == (accepted, answer.headers["content-language"])
        assert error["code"] == "NOT_FOUND"
        assert error["message"].startswith(said)
        assert "Accept-Language" in answer.headers["vary"]


async def test_a_failure_is_said_in_the_language_of_the_request_and_keeps_its_code(
    ana: client.Client,
) -> None:
    headers = {"Accept-Language": "pt"}
    forbidden = await ana.ask('{ member(id: "mem_x") { id } }', headers=headers)
    stranger = await ana.send(json={"query": "{"}, headers={"Authorization": "", **headers})
    wrong = await ana.ask("{ nothing }", headers=headers)

    assert forbidden.codes == ["FORBIDDEN"]
    assert forbidden.body["errors"][0]["message"] == "O token não tem o escopo deste campo."
    assert stranger.codes == ["UNAUTHENTICATED"]
    assert stranger.body["errors"][0]["message"].startswith("Falta o token de acesso")
    assert wrong.codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert wrong.body["errors"][0]["message"].startswith("Cannot query field")


async def test_one_callers_language_is_not_anothers(ana: client.Client) -> None:
    await ana.ask(UNKNOWN, headers={"Accept-Language": "pt"})
    answer = await ana.ask(UNKNOWN)

    assert answer.headers["content-language"] == "en"
    assert answer.data["redemptionCodeCreate"]["errors"][0]["message"].startswith("This is")


def test_a_header_without_end_is_read_to_its_limit() -> None:
    wording.answer_in("x," * 1_000_000 + "pt")

    assert wording.language() == "en"
    wording.answer_in(None)
