// Tabu search on the critical blocks of one orientation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "search/job_shop/neighbourhood.hpp"
#include "search/job_shop/orientation.hpp"
#include "search/random.hpp"
#include "search/tabu.hpp"

namespace headway::search::job_shop {

// Machine arcs that must not be made again for a while.
class TabuList {
public:
    explicit TabuList(const Shop& shop);

    void clear();
    // Forbids `before` -> `after` up to and including an iteration.
    void forbid(Index before, Index after, std::uint32_t until) {
        until_.at(before, shop_->slot(after)) = until;
        as_before_[at(before)] = std::max(as_before_[at(before)], until);
        as_after_[at(after)] = std::max(as_after_[at(after)], until);
    }
    bool forbids(Index before, Index after, std::uint32_t now) const {
        return until_.at(before, shop_->slot(after)) >= now;
    }
    // Whether any arc out of a task, or into it, is forbidden.
    bool concerns(Index task, bool as_before, std::uint32_t now) const {
        return (as_before ? as_before_ : as_after_)[at(task)] >= now;
    }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    const Shop* shop_;
    TabuTable until_;
    std::vector<std::uint32_t> as_before_, as_after_;
};

class TabuSearch {
public:
    TabuSearch(const Shop& shop, Neighbourhood neighbourhood, std::int32_t tenure, Random& random);

    // Improves a plan by run_tabu().
    void run(Plan& plan, std::uint64_t patience, Watch<Plan>& watch);

private:
    // The best move by estimate that is not forbidden or promises a new best.
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
