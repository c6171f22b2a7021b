// Relations between tasks: minimum lags from the start or the end of one to the start of another.
#pragma once

#include <cstdint>

#include "base.hpp"
#include "grouped.hpp"

namespace headway::search {

// A relation as one of its two tasks sees it: from the start of the earlier task, or from its end,
// at least `lag` passes until the start of the later one.
struct Link {
    Int lag;
    std::int32_t task;  // the other one
    bool from_end;

    // From start to start, if the earlier task takes so long.
    Int length(Int duration) const { return lag + (from_end ? duration : 0); }
};

// The links of n tasks: relation a is one of task key[a] with task other[a].
inline Grouped<Link> links(std::size_t n, Ints key, Ints other, Ints lag, Flags from_end) {
    return grouped(
        n, key.size(), [&](std::size_t a) { return key[a]; },
        [&](std::size_t a) {
            return Link{lag[a], static_cast<std::int32_t>(other[a]), from_end[a]};
        });
}

}  // namespace headway::search
