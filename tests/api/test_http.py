"""How the endpoint speaks HTTP, and what a bad request gets."""

import json
from typing import Any

import httpx2

from api import app, settings
from tests.api import client
from wallet import database

HELLO = {"query": "{ __typename }"}


async def test_a_query_gets_data_in_the_graphql_media_type_and_is_never_cached(
    ana: client.Client,
) -> None:
    answer = await ana.send(json=HELLO)

    assert (answer.status, answer.body) == (200, {"data": {"__typename": "Query"}})
    assert answer.headers["content-type"] == client.GRAPHQL + "; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "Accept, Accept-Language, Authorization, Cookie"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"].startswith("req_")


async def test_the_answer_comes_in_the_media_type_that_the_caller_prefers(
    ana: client.Client,
) -> None:
    expected = {
        "*/*": client.GRAPHQL,
        "application/*": client.GRAPHQL,
        "application/json": "application/json",
        "application/json, */*;q=0.1": "application/json",
        f"application/json;q=0.5, {client.GRAPHQL}": client.GRAPHQL,
        f"{client.GRAPHQL};q=0.5, application/json": "application/json",
        f"{client.GRAPHQL};q=0, */*": "application/json",
        "APPLICATION/JSON; charset=utf-8": "application/json",
    }

    answers = {
        accept: await ana.send(json=HELLO, headers={"Accept": accept}) for accept in expected
    }

    assert expected == {
        accept: answer.headers["content-type"].removesuffix("; charset=utf-8")
        for accept, answer in answers.items()
    }


async def test_a_media_type_that_is_not_spoken_here_gets_406(ana: client.Client) -> None:
    for accept in ("text/html", "application/xml", f"{client.GRAPHQL};q=0"):
        answer = await ana.send(json=HELLO, headers={"Accept": accept})

        assert (accept, 406, ["NOT_ACCEPTABLE"]) == (accept, answer.status, answer.codes)


async def test_a_method_that_graphql_does_not_know_gets_405(ana: client.Client) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = await ana.send(method=method, params=HELLO)

        assert (method, 405, ["METHOD_NOT_ALLOWED"]) == (method, answer.status, answer.codes)
        assert answer.headers["allow"] == "GET, POST, QUERY"


async def test_a_get_runs_queries_of_the_staff_and_nobody_elses_text(
    ana: client.Client, rosa: client.Client, support: client.Client
) -> None:
    variables = {"variables": '{"id": "mem_x"}', "operationName": "M"}
    query = {"query": "query M($id: ID!) { member(id: $id) { id } }", **variables}

    assert (await support.send(method="GET", params=query)).data == {"member": None}
    for caller in (ana, rosa):
        answer = await caller.send(method="GET", params=HELLO)
        assert (answer.status, answer.codes) == (405, ["METHOD_NOT_ALLOWED"])
        assert answer.headers["allow"] == "POST, QUERY"


async def test_a_get_or_a_query_never_runs_a_mutation(
    support: client.Client, ana: client.Client
) -> None:
    code = {"query": 'mutation { redemptionCodeCreate(merchantId: "mer_x") { __typename } }'}

    for answer in (
        await support.send(method="GET", params=code),
        await support.send(method="QUERY", json=code),
        await ana.send(method="QUERY", json=code),
    ):
        assert (answer.status, answer.codes) == (405, ["METHOD_NOT_ALLOWED"])
        assert answer.headers["allow"] == "POST"


async def test_the_method_query_is_a_post_that_changes_nothing(ana: client.Client) -> None:
    assert (await ana.send(method="QUERY", json=HELLO)).data == {"__typename": "Query"}
    answer = await ana.send(method="QUERY", content="{}", headers={"Content-Type": "text/plain"})
    assert answer.status == 415


async def test_wrong_json_in_an_address_gets_400(support: client.Client) -> None:
    deep = "[" * 40 + "]" * 40
    for wrong in ("{", "nonsense", f'{{"a": {deep}}}'):
        answer = await support.send(method="GET", params={**HELLO, "variables": wrong})
        assert (wrong, 400, ["BAD_REQUEST"]) == (wrong, answer.status, answer.codes)
    for parameters in ({"variables": "[]", **HELLO}, {"extensions": "7", **HELLO}, {}):
        answer = await support.send(method="GET", params=parameters)
        assert (parameters, 422, ["BAD_REQUEST"]) == (parameters, answer.status, answer.codes)


async def test_a_body_that_a_foreign_web_page_could_send_gets_415(ana: client.Client) -> None:
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "",
    ):
        headers = {"Content-Type": content_type}
        answer = await ana.send(content=json.dumps(HELLO), headers=headers)

        expected = (content_type, 415, ["UNSUPPORTED_MEDIA_TYPE"])
        assert expected == (content_type, answer.status, answer.codes)


async def test_a_compressed_body_gets_415(ana: client.Client) -> None:
    answer = await ana.send(json=HELLO, headers={"Content-Encoding": "gzip"})

    assert answer.status == 415


async def test_a_missing_or_unknown_token_gets_401_and_a_challenge(
    http: httpx2.AsyncClient,
) -> None:
    for authorization in (
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer cp_at_wrong",
        "Bearer cp_at_" + "A" * 43,
        "Basic YTpi",
        "Bearer " + "x" * 5000,
    ):
        headers = {} if authorization is None else {"Authorization": authorization}
        response = await http.post("/graphql", json=HELLO, headers=headers)

        code = response.json()["errors"][0]["extensions"]["code"]
        assert (authorization, 401, "UNAUTHENTICATED") == (
            authorization,
            response.status_code,
            code,
        )
        assert response.headers["www-authenticate"].startswith('Bearer realm="commonpurse"')


async def test_a_body_that_is_not_json_gets_400(ana: client.Client) -> None:
    for body in (
        b"",
        b"nonsense",
        b'{"query":',
        b"\xff\xfe",
        b'{"query": "{ __typename }" "x"}',
        b"NaN",
    ):
        answer = await ana.send(content=body, headers={"Content-Type": "application/json"})

        assert (body, 400, ["BAD_REQUEST"]) == (body, answer.status, answer.codes)


async def test_a_lone_surrogate_in_the_json_gets_400(ana: client.Client) -> None:
    body = b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}'

    answer = await ana.send(content=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])


async def test_json_of_another_shape_gets_422(ana: client.Client) -> None:
    bodies: list[Any] = [
        [],
        [HELLO, HELLO],
        "text",
        7,
        None,
        {},
        {"qeury": "{ __typename }"},
        {"query": None},
        {"query": ["{ __typename }"]},
        {**HELLO, "variables": [7]},
        {**HELLO, "variables": "{}"},
        {**HELLO, "operationName": 7},
        {**HELLO, "extensions": []},
    ]
    for body in bodies:
        text = json.dumps(body)
        answer = await ana.send(content=text, headers={"Content-Type": "application/json"})

        assert (text, 422, ["BAD_REQUEST"]) == (text, answer.status, answer.codes)


async def test_json_that_nests_without_end_gets_400_and_no_crash(ana: client.Client) -> None:
    for depth in (33, 2_000, 15_000):
        body = '{"query": "{ __typename }", "variables": {"a": ' + "[" * depth + "]" * depth + "}}"
        answer = await ana.send(content=body, headers={"Content-Type": "application/json"})

        assert (depth, 400, ["BAD_REQUEST"]) == (depth, answer.status, answer.codes)


async def test_brackets_inside_strings_are_not_nesting(ana: client.Client) -> None:
    variables = {"a": '[{"\\' * 500}

    answer = await ana.send(json={**HELLO, "variables": variables})

    assert answer.status == 200


async def test_a_large_body_gets_413_from_a_member_and_is_read_from_a_merchant(
    ana: client.Client, rosa: client.Client
) -> None:
    body = {**HELLO, "variables": {"unused": "x" * 70_000}}

    assert (await ana.send(json=body)).codes == ["PAYLOAD_TOO_LARGE"]
    assert (await rosa.send(json=body)).status == 200


async def test_a_body_that_never_ends_is_not_read_further_than_its_limit(
    ana: client.Client,
) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 8_192
            yield b" " * 8_192

    answer = await ana.send(content=endless(), headers={"Content-Type": "application/json"})

    assert (answer.status, answer.codes) == (413, ["PAYLOAD_TOO_LARGE"])
    assert sent <= 65_536 + 2 * 8_192


async def test_a_document_that_cannot_run_gets_a_status_a_code_and_no_data(
    ana: client.Client,
) -> None:
    for query, status, code in (
        ("{", 400, "GRAPHQL_PARSE_FAILED"),
        ("", 400, "GRAPHQL_PARSE_FAILED"),
        ("{ unknown }", 422, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", 422, "OPERATION_RESOLUTION_FAILURE"),
        ("fragment F on Query { __typename }", 422, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", 422, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($a: Int!) { merchants(first: $a) { __typename } }", 422, "BAD_USER_INPUT"),
    ):
        answer = await ana.ask(query)
        legacy = await ana.ask(query, headers={"Accept": "application/json"})

        assert (query, status, [code]) == (query, answer.status, answer.codes)
        assert (query, 200, [code]) == (query, legacy.status, legacy.codes)
        assert "data" not in answer.body


async def test_of_several_operations_only_the_named_one_runs(ana: client.Client) -> None:
    query = "query A { a: __typename } query B { b: __typename }"

    assert (await ana.ask(query, operationName="B")).data == {"b": "Query"}
    assert (await ana.ask(query, operationName="C")).codes == ["OPERATION_RESOLUTION_FAILURE"]


async def test_data_beside_errors_is_a_294_and_a_200_for_old_clients(ana: client.Client) -> None:
    query = '{ viewer { id } member(id: "mem_x") { id } }'

    answer = await ana.ask(query)
    legacy = await ana.ask(query, headers={"Accept": "application/json"})

    assert (answer.status, answer.codes) == (294, ["FORBIDDEN"])
    assert answer.body["data"]["member"] is None
    assert answer.body["data"]["viewer"]["id"].startswith("mem_")
    assert (legacy.status, legacy.codes) == (200, ["FORBIDDEN"])


async def test_a_database_that_is_away_gets_503_with_a_code_and_when_to_retry(
    ana: client.Client, db: database.Database
) -> None:
    await db.pool.close()

    answer = await ana.ask("{ viewer { id } }")

    assert (answer.status, answer.codes) == (503, ["UNAVAILABLE"])
    assert answer.headers["retry-after"] == "2"


async def test_health_and_readiness_answer_without_a_token(
    http: httpx2.AsyncClient, db: database.Database
) -> None:
    assert (await http.get("/healthz")).status_code == 200
    assert (await http.get("/readyz")).status_code == 200

    await db.pool.close()

    assert (await http.get("/healthz")).status_code == 200
    assert (await http.get("/readyz")).status_code == 503


async def test_a_browser_sees_how_to_send_a_query_in_development_only(
    db: database.Database, http: httpx2.AsyncClient
) -> None:
    application = app.create_app(settings.Settings(_env_file=None), db, development=True)
    headers = {"Accept": "text/html,application/xhtml+xml"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=application), base_url="http://127.0.0.1:8444"
    ) as developing:
        shown = await developing.get("/graphql", headers={**headers, "Host": "evil.example"})

    assert shown.status_code == 200
    assert "Authorization: Bearer" in shown.text
    assert "open, for development" in shown.text
    assert "curl -s http://127.0.0.1:8444/graphql " in shown.text
    assert "http" not in shown.text.replace("http://127.0.0.1", "")  # nothing is loaded
    assert (await http.get("/graphql", headers=headers)).status_code == 406


async def test_no_answer_of_any_kind_is_cached_or_sniffed(
    ana: client.Client, support: client.Client, db: database.Database
) -> None:
    answers = {
        200: await ana.send(json=HELLO),
        294: await ana.ask('{ viewer { id } member(id: "mem_x") { id } }'),
        400: await ana.send(json={"query": "{"}),
        401: await ana.send(json=HELLO, headers={"Authorization": "Bearer x"}),
        404: await ana.send(json={"documentId": "sha256:" + "0" * 64}),
        405: await ana.send(method="DELETE"),
        406: await ana.send(json=HELLO, headers={"Accept": "text/html"}),
        413: await ana.send(json={**HELLO, "variables": {"a": "x" * 70_000}}),
        415: await ana.send(content="x", headers={"Content-Type": "text/plain"}),
        422: await ana.ask("{ nothing }"),
    }
    got = await support.send(method="GET", params=HELLO)
    async with client.door(db, documents="open", cost_per_minute=1) as http:
        await ana.at(http).ask("{ __typename }")
        answers[429] = await ana.at(http).ask("{ __typename }")
    await db.pool.close()
    answers[503] = await ana.ask("{ viewer { id } }")

    assert list(answers) == [answer.status for answer in answers.values()]
    for answer in (*answers.values(), got):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["vary"] == "Accept, Accept-Language, Authorization, Cookie"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-request-id"].startswith("req_")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_with_the_older_statuses_422_is_400_and_294_is_200(
    db: database.Database, ana: client.Client
) -> None:
    async with client.door(db, documents="open", statuses="older") as http:
        older = ana.at(http)
        partial = await older.ask('{ viewer { id } member(id: "mem_x") { id } }')
        wrong = await older.ask("{ nothing }")
        shapeless = await older.send(json={})
        default = await older.send(json=HELLO, headers={"Accept": "*/*"})

    assert (partial.status, partial.codes) == (200, ["FORBIDDEN"])
    assert (wrong.status, wrong.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])
    assert (shapeless.status, shapeless.codes) == (400, ["BAD_REQUEST"])
    assert default.headers["content-type"] == "application/json; charset=utf-8"
