"""Saved activations, counted by hand for one model."""

import pytest

from headway.errors import ConfigError, UnsupportedError
from headway.serving.coserve import Activations, Lora, Room
from headway.serving.models import LanguageModel
from tests.serving.coserve.small import ACTIVATIONS, MODEL


def test_what_is_kept_of_a_token_by_hand() -> None:
    """Llama-3.1-8B: width 4096, 32 heads and 8 of keys, of 128 each, inner width 14336."""
    norms, projected, out, normaliser = 2 * 4096, 4096 + 2 * 1024, 4096, 2 * 32
    pruned = norms + projected + out + normaliser + 2 * 14336 + 16
    assert ACTIVATIONS.bytes_per_token() == 32 * 2 * pruned
    fused = pruned + 2 * 4096 + (4096 + 1024) + 4096 + 2 * 14336 + 4096
    assert ACTIVATIONS.bytes_per_token("fused") == 32 * 2 * fused
    everything = ACTIVATIONS.bytes_per_token("everything", context=1000)
    assert everything - ACTIVATIONS.bytes_per_token("fused") == 32 * 2 * 2 * 32 * 1000


def test_each_way_of_keeping_keeps_what_the_next_one_does() -> None:
    pruned, fused, everything = (
        ACTIVATIONS.saved(keeping, 100) for keeping in ("pruned", "fused", "everything")
    )
    assert pruned.items() < fused.items() < everything.items()


def test_adapters_cost_their_rank_for_each_target() -> None:
    more = Activations(MODEL, Lora(rank=64, targets=("qkv", "down")))
    extra = more.bytes_per_token() - ACTIVATIONS.bytes_per_token()
    assert extra == 32 * 2 * (128 - 16)


def test_the_head_works_as_its_weights_do() -> None:
    """128,256 × 4096 weights of the head against 6.98 billion in the layers."""
    assert pytest.approx(0.0753, abs=1e-4) == ACTIVATIONS.head_share


def test_blocks_that_nobody_needs_are_lent_but_for_the_headroom() -> None:
    room = Room(1000, block_bytes=10, headroom_blocks=5)
    assert [room.allowed_bytes(n) for n in (0, 5, 7)] == [1000, 1000, 1020]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="mixtral"):
        Activations(LanguageModel.named("mixtral-8x7b"))
    with pytest.raises(ConfigError, match="lora"):
        Lora(rank=0)
    with pytest.raises(ConfigError, match="lora"):
        Lora(targets=("head",))
    with pytest.raises(ConfigError, match="room"):
        Room(-1)
