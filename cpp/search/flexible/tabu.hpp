// Tabu search by moving one critical task at a time, within its machine or to another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "search/flexible/neighbourhood.hpp"
#include "search/flexible/orientation.hpp"
#include "search/random.hpp"
#include "search/tabu.hpp"

namespace headway::search::flexible {

// Modes that must not be chosen again, and orders of two tasks that must not be restored, for a
// while.
class TabuList {
public:
    explicit TabuList(const Shop& shop);

    void clear();
    // Forbids up to and including an iteration.
    void forbid_mode(Index mode, std::uint32_t until) { mode_[at(mode)] = until; }
    void forbid_order(Index before, Index after, std::uint32_t until) {
        until_.at(before, after) = until;
        concerned_[at(before)] = std::max(concerned_[at(before)], until);
        concerned_[at(after)] = std::max(concerned_[at(after)], until);
    }
    bool forbids_mode(Index mode, std::uint32_t now) const { return mode_[at(mode)] >= now; }
    bool forbids_order(Index before, Index after, std::uint32_t now) const {
        return until_.at(before, after) >= now;
    }
    // Whether any order with a task in it is forbidden.
    bool concerns(Index task, std::uint32_t now) const { return concerned_[at(task)] >= now; }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    TabuTable until_;
    std::vector<std::uint32_t> mode_, concerned_;
};

class TabuSearch {
public:
    TabuSearch(const Shop& shop, Random& random);

    // Improves a plan by run_tabu().
    void run(Plan& plan, std::uint64_t patience, Watch<Plan>& watch);

private:
    // The best move by estimate that is not forbidden or promises a new best.
    std::optional<Move> choose(std::uint32_t now, Time aspiration);
    // How long the path through a task is to count. A thrifty run takes all moves to another mode
    // off the critical path for equally good, and prefers modes that take little of what is scarce:
    // on shops without idle time nothing else makes schedules shorter.
    Time worth(const Move& move, Time through) const;
    bool is_tabu(const Move& move, std::uint32_t now) const;
    void forbid(const Move& move, std::uint32_t now);

    Random& random_;
    Orientation state_;
    Orientation::Path path_;
    Block block_;
    TabuList tabu_;
    std::int32_t order_tenure_, mode_tenure_;
    Time thrift_ = 0;
};

}  // namespace headway::search::flexible
