// Moves of an item within a linear order, together with what must stay behind it.
#pragma once

#include <cstdint>
#include <vector>

namespace headway::search {

// Takes the item at place `begin` to place `end` of an order, behind what stands between them
// (before it, if not FORWARD, with everything the other way round), and with it every item up to
// there that waits for one that moves: waits(x) tells from the marks in `reached`, which are all 0
// before and afterwards. put(x, k) notes that x has place k. Returns whether the item at `end` was
// among those that moved: then no order holds.
template <bool FORWARD, class Waits, class Put>
bool shift(const std::vector<std::int32_t>& order, std::int32_t begin, std::int32_t end,
           std::vector<std::uint8_t>& reached, std::vector<std::int32_t>& shifted, Waits&& waits,
           Put&& put) {
    constexpr std::int32_t STEP = FORWARD ? 1 : -1;
    const std::int32_t last = order[static_cast<std::size_t>(end)];
    std::size_t n_shifted = 0;
    std::int32_t place = begin;
    for (std::int32_t k = begin; k != end + STEP; k += STEP) {
        const std::int32_t x = order[static_cast<std::size_t>(k)];
        if (k == begin || waits(x)) {
            reached[static_cast<std::size_t>(x)] = 1;
            shifted[n_shifted++] = x;
        } else {
            put(x, place);
            place += STEP;
        }
    }
    const bool cycle = reached[static_cast<std::size_t>(last)] != 0;
    for (std::size_t s = 0; s < n_shifted; ++s) {
        reached[static_cast<std::size_t>(shifted[s])] = 0;
        put(shifted[s], place);
        place += STEP;
    }
    return cycle;
}

}  // namespace headway::search
