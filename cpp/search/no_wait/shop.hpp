// A no-wait shop: what stays the same during the search.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base.hpp"

namespace headway::search::no_wait {

using Index = std::int32_t;  // of an item
using Time = Int;

// Columns as Python hands them over. An item is a set of tasks at fixed times from its start; a
// claim is the time of a machine that one of its tasks takes. An item that ends at C costs
// weight * max(least, C - due); the value is the sum of all costs or the largest of those with a
// weight.
struct ShopTables {
    Ints item, machine, offset, length;  // claims
    Ints release, span, weight, due, least;
    Ints break_machine, break_start, break_end;
    bool total;
};

// Whole numbers from first to last.
struct Range {
    Time first, last;
};

class Shop {
public:
    // Throws std::invalid_argument or std::out_of_range if the tables do not fit together, if an
    // item is in its own way, or if numbers are too large.
    explicit Shop(const ShopTables& tables);

    Index n_items() const { return static_cast<Index>(release_.size()); }
    Time release(Index item) const { return release_[at(item)]; }
    Time span(Index item) const { return span_[at(item)]; }
    bool total() const { return total_; }
    // Mean length of a claim, at least 1.
    Time grain() const { return grain_; }
    Time mean_weight() const { return mean_weight_; }

    // What an item costs that starts at a time; meaningless for the largest of costs if the item
    // has no weight.
    Time cost(Index item, Time start) const {
        const std::size_t i = at(item);
        return weight_[i] * std::max(least_[i], start + span_[i] - due_[i]);
    }
    bool counts(Index item) const { return weight_[at(item)] > 0; }

    // By how much `other` may not start later than `item`, sorted, with gaps between the ranges.
    std::span<const Range> conflicts(Index item, Index other) const {
        const std::size_t pair = at(item) * release_.size() + at(other);
        return {ranges_.data() + ptr_[pair], ranges_.data() + ptr_[pair + 1]};
    }
    // When an item may not start because of breaks, sorted, with gaps between the ranges.
    std::span<const Range> breaks(Index item) const {
        return {break_ranges_.data() + break_ptr_[at(item)],
                break_ranges_.data() + break_ptr_[at(item) + 1]};
    }

    // The shop in which time runs backwards has the same makespans; there is one if the makespan
    // is all that counts, and nothing depends on the date.
    bool reversible() const { return reversible_; }
    Shop reversed() const;

private:
    struct Claim {
        Index item;
        Index machine;
        Time offset, length;
    };

    Shop() = default;
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    // Fills in what follows from the claims.
    void find_conflicts();
    void find_breaks(const ShopTables& tables);

    std::vector<Claim> claims_;  // by item
    std::vector<std::size_t> claim_ptr_;
    std::vector<Time> release_, span_, weight_, due_, least_;
    std::vector<std::size_t> ptr_, break_ptr_;
    std::vector<Range> ranges_, break_ranges_;
    Time grain_ = 1;
    Time mean_weight_ = 1;
    bool total_ = false;
    bool reversible_ = false;
};

}  // namespace headway::search::no_wait
