// Several schedules side by side, one per lane of a vector.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "search/flow/shop.hpp"

namespace headway::search::flow {

inline constexpr Index LANES = 16;

// One time per lane, in two halves, each of which is one register on machines with wide vectors.
// Compilers vectorise neither loops over all lanes nor larger vectors as well.
struct alignas(64) LaneTimes {
    static constexpr std::size_t HALF = LANES / 2;
#if defined(__GNUC__)
    using Half = Time __attribute__((vector_size(sizeof(Time) * HALF)));
#else
    using Half = std::array<Time, HALF>;
#endif
    Half half[2];

    Time& operator[](Index lane) {
        const auto l = static_cast<std::size_t>(lane);
        return reinterpret_cast<Time*>(half)[l];
    }
};

// When each machine is free, and what the jobs so far have cost, in every lane.
struct Lanes {
    std::vector<LaneTimes> free;
    std::array<Int, LANES> cost{};
};

// Adds jobs to all lanes, one after another; `before` is the job that comes first in all of them,
// or Shop::none().
void advance_all(const Shop& shop, Index before, std::span<const Index> jobs, Lanes& lanes);

}  // namespace headway::search::flow
