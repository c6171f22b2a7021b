// Solutions outside of a state: built at random, or between two known ones.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "search/random.hpp"
#include "search/shop/shop.hpp"

namespace headway::search::shop {

// A mode for every task, and a linear order that respects all relations and stands for an order on
// every machine; with its value and its starts once they are known.
struct Solution {
    Time value = std::numeric_limits<Time>::max();
    std::vector<Index> order;
    std::vector<Index> choice;
    std::vector<Time> start;
};

// Builds schedules task by task, each in the mode in which it ends first, by randomised priority
// rules: much work behind, where one completion counts (Giffler and Thompson 1960), else apparent
// tardiness cost (after Vepsalainen and Morton 1987).
class Builder {
public:
    explicit Builder(const Shop& shop);

    Solution build(Random& random);

private:
    static constexpr std::size_t MOST_LOOKED_AT = 64;

    struct Candidate {
        Index task;
        Index choice;
        Time start;
        Time end;
    };
    struct Reach {
        Index group;
        Time tail;
    };

    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    void measure();
    Candidate first_end(Index task) const;
    std::vector<Candidate> candidates(Random& random);
    double priority(const Candidate& candidate, double patience) const;
    void put(const Candidate& candidate, Solution& solution);

    const Shop* shop_;
    double mean_ = 1;  // duration
    std::vector<std::size_t> reach_ptr_;
    std::vector<Reach> reach_;  // the groups that each task leads to, and how far it is
    std::vector<Index> open_, choice_, last_;
    std::vector<std::size_t> waits_;
    std::vector<Time> head_, free_;
};

// A solution between two others, at about `share` / 1000 of the way from the first. Tasks are
// sorted by means of their starts, so what both agree on is kept.
Solution between(const Solution& a, const Solution& b, Time share, Random& random);

// A solution with given modes whose tasks are sorted by given starts, as far as relations allow.
Solution sorted_by(const Shop& shop, std::span<const Int> start, std::span<const Int> mode);

// The modes of a solution by position among all modes.
std::vector<Index> modes_of(const Shop& shop, std::span<const Index> choice);

// How many tasks, machine by machine, do not follow the same task in both.
std::int64_t distance(const Shop& shop, const Solution& a, const Solution& b);

}  // namespace headway::search::shop
