// Solutions that the workers of one search take from one another and from outside.
#pragma once

#include <limits>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base.hpp"

namespace headway::search {

// Solutions to begin with before others are tried; the last one offered goes first. All of it may
// be called from several threads.
template <class Solution>
class Offers {
public:
    void add(Solution solution) {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(solution));
    }
    std::optional<Solution> take() {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) {
            return std::nullopt;
        }
        std::optional<Solution> solution(std::move(waiting_.back()));
        waiting_.pop_back();
        return solution;
    }

private:
    std::mutex mutex_;
    std::vector<Solution> waiting_;
};

// The best solution that any worker knows. All of it may be called from several threads.
template <class Solution>
class Best {
public:
    void note(Int value, const Solution& solution) {
        const std::lock_guard lock(mutex_);
        if (value < value_) {
            value_ = value;
            solution_ = solution;
        }
    }
    // The solution, if there is one of less than a value.
    std::optional<Solution> below(Int value) const {
        const std::lock_guard lock(mutex_);
        return value_ < value ? std::optional(solution_) : std::nullopt;
    }
    std::optional<Solution> get() const { return below(NONE); }

private:
    static constexpr Int NONE = std::numeric_limits<Int>::max();

    mutable std::mutex mutex_;
    Int value_ = NONE;
    Solution solution_;
};

}  // namespace headway::search
