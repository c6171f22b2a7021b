"""What clients see: completions and chats, whole and in pieces, and what is refused."""

from __future__ import annotations

import asyncio
import json

import openai
import pytest

from headway.serving.engine import EngineConfig
from headway.simulate import Law
from tests.serving.engine_server.running import CONFIG, Client, served

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who is there?"}]


def test_the_official_client_chats_and_streams() -> None:
    async def job(client: Client) -> None:
        api = openai.AsyncOpenAI(base_url=f"{client.url}/v1", api_key="none")
        whole = await api.chat.completions.create(model="tiny", messages=CHAT, max_tokens=12)
        assert whole.choices[0].finish_reason == "length"
        assert whole.usage is not None
        assert whole.usage.completion_tokens == 12
        stream = await api.chat.completions.create(
            model="tiny",
            messages=CHAT,
            max_tokens=12,
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
        assert chunks[0].choices[0].delta.role == "assistant"
        said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        assert said == whole.choices[0].message.content
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens
        assert chunks[-1].usage.prompt_tokens_details is not None
        assert chunks[-1].usage.prompt_tokens_details.cached_tokens
        assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "length"
        text = await api.completions.create(model="tiny", prompt="abc", max_tokens=3, n=2)
        assert len({choice.text for choice in text.choices}) == 2
        assert {model.id async for model in api.models.list()} == {"tiny"}
        vectors = await api.embeddings.create(
            model="tiny", input=["a", "b"], encoding_format="float"
        )
        assert len(vectors.data[0].embedding) == 64
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            await api.completions.create(model="none", prompt="abc")
        with pytest.raises(openai.BadRequestError, match="max_tokens"):
            await api.completions.create(model="tiny", prompt="abc", max_tokens=0)
        await api.close()

    served(job)


def test_the_official_client_reads_embeddings_in_its_own_encoding() -> None:
    async def job(client: Client) -> None:
        api = openai.AsyncOpenAI(base_url=f"{client.url}/v1", api_key="none")
        plain = await api.embeddings.create(model="tiny", input="a b", encoding_format="float")
        packed = await api.embeddings.create(model="tiny", input="a b")
        assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, rel=1e-6)
        await api.close()

    served(job)


def test_an_answer_that_comes_back_is_found_in_the_cache() -> None:
    """The next turn repeats the chat so far, answer included; only the last block is not full."""

    async def job(client: Client) -> None:
        body = {"messages": [{"role": "user", "content": "x" * 41}], "max_tokens": 30}
        _, first = await client.post("/v1/chat/completions", body)
        assert first["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
        told = first["choices"][0]["message"]
        body["messages"] = [*body["messages"], told, {"role": "user", "content": "And?"}]
        _, second = await client.post("/v1/chat/completions", body)
        known = first["usage"]["total_tokens"] - 1  # the last token was said, and never computed
        cached = second["usage"]["prompt_tokens_details"]["cached_tokens"]
        assert cached == known // CONFIG.block_tokens * CONFIG.block_tokens

    served(job)


def test_adapters_do_not_share_the_cache() -> None:
    async def job(client: Client) -> None:
        assert (await client.post("/v1/load_lora_adapter", {"lora_name": "a"}))[0] == 400
        add = {"lora_name": "a", "lora_path": "/a"}
        assert (await client.post("/v1/load_lora_adapter", add))[0] == 200
        assert (await client.post("/v1/load_lora_adapter", add))[0] == 400
        cards = (await client.get("/v1/models"))["data"]
        assert [(card["id"], card["parent"]) for card in cards] == [("tiny", None), ("a", "tiny")]
        body = {"prompt": "x" * 64, "max_tokens": 2}
        cached = []
        for model in ("tiny", "a", "a", "tiny"):
            _, found = await client.post("/v1/completions", {**body, "model": model})
            cached.append(found["usage"]["prompt_tokens_details"]["cached_tokens"])
        assert cached == [0, 0, 12, 12]
        assert (await client.post("/v1/unload_lora_adapter", {"lora_name": "a"}))[0] == 200
        assert (await client.post("/v1/unload_lora_adapter", {"lora_name": "a"}))[0] == 404
        assert (await client.post("/v1/completions", {**body, "model": "a"}))[0] == 404

    served(job)


def test_answers_end_where_they_are_to() -> None:
    async def job(client: Client) -> None:
        async def reason(**more: object) -> tuple[str, int]:
            _, found = await client.post("/v1/completions", {"prompt": "abc", **more})
            return found["choices"][0]["finish_reason"], found["usage"]["completion_tokens"]

        assert await reason() == ("stop", 5)
        assert await reason(max_tokens=3) == ("length", 3)
        assert await reason(max_tokens=30, min_tokens=9) == ("stop", 9)
        assert await reason(max_tokens=30, ignore_eos=True) == ("length", 30)
        _, whole = await client.post("/v1/completions", {"prompt": "abc", "ignore_eos": True})
        text = whole["choices"][0]["text"]
        stops = {"prompt": "abc", "ignore_eos": True, "stop": [text[10:14], "zzz"], "echo": True}
        _, found = await client.post("/v1/completions", stops)
        end = text.index(text[10:14])
        assert found["choices"][0]["text"] == "abc" + text[:end]
        assert found["choices"][0]["finish_reason"] == "stop"
        assert found["usage"]["completion_tokens"] == -(-(end + 4) // 4)
        events = await client.stream("/v1/completions", {**stops, "stream": True})
        assert "".join(e["choices"][0]["text"] for e in events) == "abc" + text[:end]

    served(job, output=Law.parse("constant(5)"))


def test_prompts_are_texts_or_tokens() -> None:
    async def job(client: Client) -> None:
        told = await client.post("/tokenize", {"prompt": "hello world"})
        _, as_text = await client.post("/v1/completions", {"prompt": "hello world"})
        _, as_tokens = await client.post("/v1/completions", {"prompt": told[1]["tokens"]})
        assert as_text["choices"] == as_tokens["choices"]
        back = await client.post("/detokenize", {"tokens": told[1]["tokens"]})
        assert back[1]["prompt"] == "hello world"
        _, chat = await client.post("/tokenize", {"messages": CHAT})
        _, answer = await client.post("/v1/chat/completions", {"messages": CHAT, "max_tokens": 1})
        assert answer["usage"]["prompt_tokens"] == chat["count"]
        _, many = await client.post("/v1/completions", {"prompt": ["ab", "cd"], "n": 2})
        assert [choice["index"] for choice in many["choices"]] == [0, 1, 2, 3]
        assert many["usage"]["prompt_tokens"] == 2
        assert many["usage"]["completion_tokens"] == 64

    served(job)


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("/v1/completions", b"", 400, "JSON"),
        ("/v1/completions", b"{", 400, "JSON"),
        ("/v1/completions", b"\xff", 400, "JSON"),
        ("/v1/completions", b'{"prompt": "a", "x": ' + b"[" * 100_000, 400, "nested"),
        ("/v1/completions", b"{}", 400, "prompt"),
        ("/v1/completions", b'{"prompt": ""}', 400, "empty"),
        ("/v1/completions", b'{"prompt": []}', 400, "empty"),
        ("/v1/completions", b'{"prompt": [-1]}', 400, "range"),
        ("/v1/completions", b'{"prompt": [1, "a"]}', 400, "mixed"),
        ("/v1/completions", b'{"prompt": [99999999999999999999999]}', 400, ""),
        ("/v1/completions", b'{"prompt": "a", "max_tokens": "1"}', 400, "max_tokens"),
        ("/v1/completions", b'{"prompt": "a", "max_tokens": 1024}', 400, "room"),
        ("/v1/completions", b'{"prompt": "a", "n": 0}', 400, "n must"),
        ("/v1/completions", b'{"prompt": "a", "priority": 1e99}', 400, "priority"),
        ("/v1/completions", b'{"prompt": "a", "stop": ""}', 400, "stop"),
        ("/v1/completions", b'{"prompt": "a", "logprobs": 3}', 400, "logprobs"),
        ("/v1/completions", b'{"prompt": "a", "stream_options": {}}', 400, "stream"),
        ("/v1/chat/completions", b'{"messages": []}', 400, "message"),
        ("/v1/chat/completions", b'{"messages": [{"role": "cat"}]}', 400, "role"),
        ("/v1/nothing", b"{}", 404, "Not Found"),
        ("/v1/models", b"{}", 405, "Not Allowed"),
        ("/detokenize", b'{"tokens": [-3]}', 400, "token"),
        ("/v1/embeddings", b'{"input": "a", "dimensions": 0}', 400, "dimensions"),
    ],
)
def test_what_cannot_be_is_refused(path: str, body: bytes, status: int, word: str) -> None:
    async def job(client: Client) -> None:
        found, text, headers = await client.raw("POST", path, body, [(b"x-request-id", b"r7")])
        assert found == status
        error = json.loads(text)["error"]
        assert error["code"] == status
        assert word in error["message"]
        assert headers[b"x-request-id"] == b"r7"

    served(job)


def test_a_prompt_that_is_too_long_is_refused() -> None:
    async def job(client: Client) -> None:
        status, found = await client.post("/v1/completions", {"prompt": "x" * 400})
        assert (status, found["error"]["param"]) == (400, "prompt")
        assert "maximum context length is 100 tokens" in found["error"]["message"]
        body = {"prompt": "x" * 396, "max_tokens": 1}
        assert (await client.post("/v1/completions", body))[0] == 200

    served(job, config=EngineConfig(blocks=100, block_tokens=4, max_model_tokens=100))


def test_the_urgent_go_first_and_too_many_are_refused() -> None:
    async def job(client: Client) -> None:
        order: list[str] = []

        async def ask(name: str, priority: int) -> None:
            body = {"prompt": name, "max_tokens": 20, "priority": priority}
            status, _ = await client.post("/v1/completions", body)
            order.append(name if status == 200 else f"{status}")

        jobs = []
        for name, priority in [("first", 0), ("later", 5), ("soon", -1), ("refused", 0)]:
            jobs.append(asyncio.create_task(ask(name, priority)))
            await asyncio.sleep(0.002)
        await asyncio.gather(*jobs)
        assert order == ["503", "first", "soon", "later"]
        assert await client.metric("admission_rejections_total") == 1

    one = EngineConfig(blocks=256, block_tokens=4, max_sequences=1)
    served(job, config=one, max_queued=2, speed=5.0)


def test_a_client_that_goes_away_leaves_the_engine() -> None:
    async def job(client: Client) -> None:
        body = {"prompt": "abc", "max_tokens": 1000, "stream": True}
        answer = await client.pool.send(b"POST", b"/v1/completions", [], json.dumps(body).encode())
        assert await client.metric("num_requests_running") == 1
        assert (await client.get("/load"))["server_load"] == 1
        answer.close()
        while await client.metric("num_requests_running"):
            await asyncio.sleep(0.01)
        assert await client.metric("request_success_total", "abort") == 1
        assert await client.metric("kv_cache_usage_perc") == 0

    served(job, speed=1.0)


def test_a_client_that_reads_slowly_gets_all_of_it_in_larger_pieces() -> None:
    """The engine goes on; what is not read is not kept as events, but as the text to come."""

    async def job(client: Client) -> None:
        body = {"prompt": "abc", "max_tokens": 1000, "stream": True, "n": 20}
        data = json.dumps(body).encode()
        reader, writer = await asyncio.open_connection(*client.address, limit=16_384)
        head = b"POST /v1/completions HTTP/1.1\r\nhost: a\r\nx-request-id: %b\r\n"
        name = b"r" * 8000  # which is in every event
        writer.write(head % name + b"content-length: %d\r\n\r\n" % len(data) + data)
        while await client.metric("request_success_total") < 20:
            await asyncio.sleep(0.05)
        events, text = 0, dict.fromkeys(range(20), "")
        while (line := await reader.readline()) != b"data: [DONE]\n":
            if line.startswith(b"data: "):
                events += 1
                choice = json.loads(line[6:])["choices"][0]
                text[choice["index"]] += choice["text"]
        assert all(len(said) == 4000 for said in text.values())
        assert events < 1500
        writer.close()

    served(job, speed=100.0, config=EngineConfig(blocks=8000, block_tokens=4))
