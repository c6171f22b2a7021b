// Relations between tasks: minimum lags from the start or the end of one to the start of another.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base.hpp"

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

// The links of all tasks.
class Links {
public:
    // Relation a is one of task key[a] with task other[a].
    Links(std::size_t n_tasks, Ints key, Ints other, Ints lag, Flags from_end)
        : ptr_(n_tasks + 1), links_(key.size()) {
        for (const Int task : key) {
            ++ptr_[static_cast<std::size_t>(task) + 1];
        }
        for (std::size_t i = 0; i < n_tasks; ++i) {
            ptr_[i + 1] += ptr_[i];
        }
        std::vector<std::size_t> next(ptr_.begin(), ptr_.end() - 1);
        for (std::size_t a = 0; a < key.size(); ++a) {
            links_[next[static_cast<std::size_t>(key[a])]++] = {
                lag[a], static_cast<std::int32_t>(other[a]), from_end[a]};
        }
    }

    std::span<const Link> of(std::int32_t task) const {
        const auto i = static_cast<std::size_t>(task);
        return {links_.data() + ptr_[i], links_.data() + ptr_[i + 1]};
    }

private:
    std::vector<std::size_t> ptr_;
    std::vector<Link> links_;
};

}  // namespace headway::search
