// Names of the blocks of a text: equal names stand for equal text from the beginning on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base.hpp"

namespace headway::serving {

using Bytes = std::span<const std::uint8_t>;

// XXH64, as its specification has it (Collet, "xxHash fast digest algorithm", version 0.1.1).
std::uint64_t xxh64(Bytes text, std::uint64_t seed);

// The name of a block is its hash, seeded with the name of the one before it, the first with
// `seed`. What is left at the end is no block.
std::vector<Int> chain(Bytes text, std::size_t block_bytes, std::uint64_t seed);

}  // namespace headway::serving
