// Descent by single moves, for any line: release times, setups, maxima.
#pragma once

#include <span>
#include <vector>

#include "search/control.hpp"
#include "search/random.hpp"
#include "search/single/line.hpp"

namespace headway::search::single {

// Makes the first move found that lowers the value: a run of up to three jobs goes elsewhere, or two
// jobs change places. A move is evaluated from the first place it changes to where ends are again
// what they were, or to where its cost is known to be too high.
class Descent {
public:
    explicit Descent(const Line& line);

    // Improves an order until no move does, or the stop flag is set; returns its value.
    Int descend(std::vector<Index>& order, const StopFlag& stop);

private:
    // What the jobs up to a place, or from a place on, cost.
    struct Account {
        Int end = 0;
        Int sum = 0;
        Int latest = NEVER;  // largest lateness
    };
    static constexpr Int NEVER = -FOREVER;

    void load(std::size_t first);
    void add(Account& account, Index before, Index job) const;
    Int total(const Account& account) const;
    // The value if the jobs at first to last are those that `at` says, or some value that is no
    // smaller than `limit`.
    template <class At>
    Int value(std::size_t first, std::size_t last, At&& at, Int limit) const;
    bool improve_at(std::size_t i);

    const Line* line_;
    std::size_t reach_;
    std::vector<Index> order_;
    std::vector<Account> until_, from_;  // before a position; from a position on
    Int value_ = 0;
};

}  // namespace headway::search::single
