#include "serving/routing/chain.hpp"

#include <bit>

namespace headway::serving {
namespace {

using Word = std::uint64_t;

constexpr Word P1 = 0x9E3779B185EBCA87, P2 = 0xC2B2AE3D27D4EB4F, P3 = 0x165667B19E3779F9,
               P4 = 0x85EBCA77C2B2AE63, P5 = 0x27D4EB2F165667C5;

// Little endian on every machine; compilers make one load of it.
Word load32(const std::uint8_t* at) {
    return Word{at[0]} | Word{at[1]} << 8 | Word{at[2]} << 16 | Word{at[3]} << 24;
}

Word load64(const std::uint8_t* at) { return load32(at) | load32(at + 4) << 32; }

Word round(Word lane, Word input) { return std::rotl(lane + input * P2, 31) * P1; }

Word merge(Word hash, Word lane) { return (hash ^ round(0, lane)) * P1 + P4; }

Word stripes(const std::uint8_t*& at, const std::uint8_t* end, Word seed) {
    Word a = seed + P1 + P2, b = seed + P2, c = seed, d = seed - P1;
    for (; end - at >= 32; at += 32) {
        a = round(a, load64(at));
        b = round(b, load64(at + 8));
        c = round(c, load64(at + 16));
        d = round(d, load64(at + 24));
    }
    const Word hash = std::rotl(a, 1) + std::rotl(b, 7) + std::rotl(c, 12) + std::rotl(d, 18);
    return merge(merge(merge(merge(hash, a), b), c), d);
}

}  // namespace

Word xxh64(Bytes text, Word seed) {
    const std::uint8_t* at = text.data();
    const std::uint8_t* const end = at + text.size();
    Word hash = text.size() < 32 ? seed + P5 : stripes(at, end, seed);
    hash += text.size();
    for (; end - at >= 8; at += 8) {
        hash = std::rotl(hash ^ round(0, load64(at)), 27) * P1 + P4;
    }
    if (end - at >= 4) {
        hash = std::rotl(hash ^ load32(at) * P1, 23) * P2 + P3;
        at += 4;
    }
    for (; at != end; ++at) {
        hash = std::rotl(hash ^ *at * P5, 11) * P1;
    }
    hash = (hash ^ hash >> 33) * P2;
    hash = (hash ^ hash >> 29) * P3;
    return hash ^ hash >> 32;
}

std::vector<Int> chain(Bytes text, std::size_t block_bytes, Word seed) {
    std::vector<Int> names(text.size() / block_bytes);
    for (Int& name : names) {
        seed = xxh64(text.first(block_bytes), seed);
        text = text.subspan(block_bytes);
        name = static_cast<Int>(seed);
    }
    return names;
}

}  // namespace headway::serving
