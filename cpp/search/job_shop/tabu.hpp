// Tabu search on the critical blocks of one orientation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "search/job_shop/neighbourhood.hpp"
#include "search/job_shop/orientation.hpp"
#include "search/random.hpp"

namespace headway::search::job_shop {

// Machine arcs that must not be made again for a while.
class TabuList {
public:
    explicit TabuList(const Shop& shop);

    void clear();
    // Forbids `before` -> `after` up to and including an iteration.
    void forbid(Index before, Index after, std::uint32_t until) {
        until_[entry(before, after)] = until;
        as_before_[at(before)] = std::max(as_before_[at(before)], until);
        as_after_[at(after)] = std::max(as_after_[at(after)], until);
    }
    bool forbids(Index before, Index after, std::uint32_t now) const {
        return until_[entry(before, after)] >= now;
    }
    // Whether any arc out of a task, or into it, is forbidden.
    bool concerns(Index task, bool as_before, std::uint32_t now) const {
        return (as_before ? as_before_ : as_after_)[at(task)] >= now;
    }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    // Exact where a table of all pairs is small; else a hash, where two arcs may share an entry.
    std::size_t entry(Index before, Index after) const {
        const auto pair = static_cast<std::uint64_t>(before) * crowd_ +
                          static_cast<std::uint64_t>(shop_->slot(after));
        return shift_ == 0 ? pair : (pair * 0x9e3779b97f4a7c15U) >> shift_;
    }

    const Shop* shop_;
    std::uint64_t crowd_;
    int shift_ = 0;
    std::vector<std::uint32_t> until_, as_before_, as_after_;
};

// What a run may spend and must heed.
class Monitor {
public:
    virtual ~Monitor() = default;
    // Called every few iterations; false ends the run.
    virtual bool go_on(std::uint64_t iterations) = 0;
    // Called after an improvement, before the next call of go_on.
    virtual void improved(Time makespan, std::span<const Index> order) = 0;
};

class TabuSearch {
public:
    TabuSearch(const Shop& shop, Neighbourhood neighbourhood, std::int32_t tenure, Random& random);

    // Searches from `order` until `patience` iterations in a row have brought nothing better, the
    // monitor says stop or no move is left. Returns the best makespan and leaves its
    // linear order in `order`.
    Time run(std::vector<Index>& order, std::uint64_t patience, Monitor& monitor);

private:
    // The best move by estimate that is not forbidden or promises a new best, ties broken at
    // random; if all are forbidden any of them; none if the critical path offers none.
    std::optional<Move> choose(std::uint32_t now, Time aspiration);
    bool is_tabu(const Move& move, const Block& block, Index i, Index j, std::uint32_t now) const;
    void forbid(const Move& move, std::uint32_t now);

    Random& random_;
    Orientation state_;
    Orientation::Path path_;
    Block block_;
    TabuList tabu_;
    std::int32_t tenure_;
};

}  // namespace headway::search::job_shop
