// Tabu search by moving one critical task at a time, within its machine or to another.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "search/flexible/neighbourhood.hpp"
#include "search/flexible/orientation.hpp"
#include "search/random.hpp"

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
        until_[entry(before, after)] = until;
        concerned_[at(before)] = std::max(concerned_[at(before)], until);
        concerned_[at(after)] = std::max(concerned_[at(after)], until);
    }
    bool forbids_mode(Index mode, std::uint32_t now) const { return mode_[at(mode)] >= now; }
    bool forbids_order(Index before, Index after, std::uint32_t now) const {
        return until_[entry(before, after)] >= now;
    }
    // Whether any order with a task in it is forbidden.
    bool concerns(Index task, std::uint32_t now) const { return concerned_[at(task)] >= now; }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    // Exact where a table of all pairs is small; else a hash, where two pairs may share an entry.
    std::size_t entry(Index before, Index after) const {
        const auto pair = static_cast<std::uint64_t>(before) * n_tasks_ +
                          static_cast<std::uint64_t>(after);
        return shift_ == 0 ? pair : (pair * 0x9e3779b97f4a7c15U) >> shift_;
    }

    std::uint64_t n_tasks_;
    int shift_ = 0;
    std::vector<std::uint32_t> until_, mode_, concerned_;
};

// What a run may spend and must heed.
class Monitor {
public:
    virtual ~Monitor() = default;
    // Called every few iterations; false ends the run.
    virtual bool go_on(std::uint64_t iterations) = 0;
    // Called after an improvement, before the next call of go_on.
    virtual void improved(Time makespan, const Orientation& orientation) = 0;
};

class TabuSearch {
public:
    TabuSearch(const Shop& shop, Random& random);

    // Searches from a plan until `patience` iterations in a row have brought nothing better, the
    // monitor says stop or no move is left. Returns the best makespan and leaves its plan in place
    // of the given one.
    Time run(Plan& plan, std::uint64_t patience, Monitor& monitor);

private:
    // The best move by estimate that is not forbidden or promises a new best, ties broken at
    // random; if all are forbidden any of them; none if the critical path offers none.
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
