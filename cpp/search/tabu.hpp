// What tabu searches on different states have in common.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "search/control.hpp"
#include "search/random.hpp"

namespace headway::search {

// Keeps one worker's budget and passes its improvements on, but not more often than it checks.
template <class Solution>
class Watch {
public:
    using Tell = std::function<void(const Solution&)>;

    Watch(Incumbent& incumbent, std::uint64_t iterations, const StopFlag& stop, Tell tell)
        : incumbent_(&incumbent), budget_(incumbent, iterations, stop), tell_(std::move(tell)) {}

    bool more() const { return budget_.more(); }
    std::uint64_t used() const { return budget_.used(); }

    // Called every few iterations; false ends the run.
    bool go_on(std::uint64_t iterations) {
        budget_.spend(iterations);
        if (is_new_ && incumbent_->note(news_.value)) {
            tell_(news_);
        }
        is_new_ = false;
        return more();
    }
    // Called after an improvement, before the next call of go_on.
    void improved(const Solution& solution) {
        if (solution.value < incumbent_->best() && solution.value < news_.value) {
            news_ = solution;
            is_new_ = true;
        }
    }

private:
    Incumbent* incumbent_;
    Budget budget_;
    Tell tell_;
    Solution news_;
    bool is_new_ = false;
};

// Goes on from a state until `patience` iterations in a row have brought nothing better, the watch
// says stop or no move is left, and leaves the best in `solution`. step(now, best) makes a move and
// returns the value it leads to, or nothing if there is none.
template <class State, class Solution, class Step>
void run_tabu(const State& state, Solution& solution, std::uint64_t patience,
              std::uint32_t check_every, Watch<Solution>& watch, Step&& step) {
    const auto keep = [&] {
        state.save(solution);
        watch.improved(solution);
    };
    keep();
    std::uint64_t idle = 0;
    std::uint32_t now = 1;
    for (; idle < patience; ++now, ++idle) {
        if (now % check_every == 0 && !watch.go_on(check_every)) {
            return;
        }
        const std::optional<Int> value = step(now, solution.value);
        if (!value) {
            break;
        }
        if (*value < solution.value) {
            keep();
            idle = 0;
        }
    }
    // Even a run without a move counts, so that every limit is reached at some time.
    watch.go_on((now - 1) % check_every + 1);
}

// The best by value of the moves that are not forbidden, ties broken at random; if all are
// forbidden any of them; none if none is offered.
template <class Move>
class Choice {
public:
    explicit Choice(Random& random) : random_(random) {}

    // Moves of a higher value need not be offered.
    const Int& limit() const { return limit_; }

    template <class IsForbidden>
    void offer(const Move& move, Int value, IsForbidden&& is_forbidden) {
        if (value > limit_) {
            return;
        }
        if (is_forbidden()) {
            if (!best_ && random_.below(++seen_) == 0) {
                any_ = move;
            }
            return;
        }
        ties_ = value < limit_ ? 1 : ties_ + 1;
        limit_ = value;
        if (ties_ == 1 || random_.below(ties_) == 0) {
            best_ = move;
        }
    }
    const std::optional<Move>& made() const { return best_ ? best_ : any_; }

private:
    Random& random_;
    std::optional<Move> best_, any_;
    Int limit_ = std::numeric_limits<Int>::max();
    std::int32_t ties_ = 0, seen_ = 0;
};

// A number for every row and column, 0 at first. Exact where a table of all pairs is small; else a
// hash, where two pairs may share a number.
class TabuTable {
public:
    TabuTable(std::int32_t rows, std::int32_t columns)
        : columns_(static_cast<std::uint64_t>(columns)) {
        std::uint64_t size = static_cast<std::uint64_t>(rows) * columns_;
        if (size > LARGEST) {
            size = 1U << HASHED_BITS;
            shift_ = 64 - HASHED_BITS;
        }
        numbers_.resize(size);
    }

    void clear() { std::ranges::fill(numbers_, 0U); }
    std::uint32_t& at(std::int32_t row, std::int32_t column) {
        return numbers_[entry(row, column)];
    }
    std::uint32_t at(std::int32_t row, std::int32_t column) const {
        return numbers_[entry(row, column)];
    }

private:
    static constexpr std::uint64_t LARGEST = 1U << 22;
    static constexpr int HASHED_BITS = 18;

    std::size_t entry(std::int32_t row, std::int32_t column) const {
        const auto pair =
            static_cast<std::uint64_t>(row) * columns_ + static_cast<std::uint64_t>(column);
        return shift_ == 0 ? pair : (pair * 0x9e3779b97f4a7c15U) >> shift_;
    }

    std::uint64_t columns_;
    int shift_ = 0;
    std::vector<std::uint32_t> numbers_;
};

}  // namespace headway::search
