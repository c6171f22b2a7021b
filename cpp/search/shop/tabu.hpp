// Tabu search over the orders and modes of one state.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/random.hpp"
#include "search/shop/block.hpp"
#include "search/shop/insertion.hpp"
#include "search/shop/paths.hpp"
#include "search/shop/solution.hpp"
#include "search/shop/state.hpp"
#include "search/tabu.hpp"

namespace headway::search::shop {

// Pairs of tasks that must not be brought into an order again for a while, and modes that must not
// be taken again.
class TabuList {
public:
    explicit TabuList(const Shop& shop);

    void clear();
    void forbid_pair(Index earlier, Index later, std::uint32_t until) {
        pairs_.at(earlier, later) = until;
    }
    void forbid_mode(Index mode, std::uint32_t until) { modes_[at(mode)] = until; }
    void set_now(std::uint32_t now) { now_ = now; }
    Index pair(Index earlier, Index later) const {
        return pairs_.at(earlier, later) >= now_ ? 1 : 0;
    }
    Index mode(Index mode) const { return modes_[at(mode)] >= now_ ? 1 : 0; }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    TabuTable pairs_;
    std::uint32_t now_ = 0;
    std::vector<std::uint32_t> modes_;
};

class TabuSearch {
public:
    TabuSearch(const Shop& shop, Random& random);

    // Improves a solution by run_tabu().
    void run(Solution& solution, std::uint64_t patience, Watch<Solution>& watch);

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    // One move; false if there is none.
    bool step(std::uint32_t now, Time aspiration);
    // The best shift by expected value that is not forbidden or promises a new best, ties broken at
    // random; if all are forbidden any of them.
    bool try_shift(std::uint32_t now, Time aspiration);
    // The same for one critical task, lifted and put elsewhere, unless all values are beyond
    // `worst` and it can go back to where it was.
    bool try_insertion(std::uint32_t now, Time aspiration, Time worst);
    bool is_tabu(const Shift& shift) const;
    void forbid(const Shift& shift, std::uint32_t until);
    void forbid_origin(Index task, const Place& place, std::uint32_t until);
    std::uint32_t until(std::uint32_t now);

    const Shop* shop_;
    Random& random_;
    State state_;
    Paths paths_;
    Block block_;
    Insertion insertion_;
    TabuList tabu_;
    std::int32_t insertions_;
    Index most_paths_;
    std::uint32_t check_every_;
    Origin origin_;
    Place best_place_, any_place_, back_;
};

}  // namespace headway::search::shop
