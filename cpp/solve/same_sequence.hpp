// Rows of tasks that keep one order on two machines, as in a permutation flow shop.
#pragma once

#include <vector>

#include "solve/network.hpp"

namespace headway {

// The order of a row grows at its end only: whichever of an item's two tasks is placed first gives
// the item its rank, and on either machine tasks are placed by rank.
class SameSequence {
public:
    explicit SameSequence(const Network& network);

    // Whether it is the task's turn in all of its rows.
    bool is_turn(Int task) const;
    // The last task of the row on the side's machine, or ABSENT.
    Int last(const Membership& place) const { return sides_[index(place)].last; }

    void append(Int task, Int mode);
    // Undoes the latest `append` that was not undone yet.
    void remove(Int task);

private:
    struct Side {
        Int placed = 0;      // how many items have their task on this side placed
        Int last = ABSENT;   // the latest one that runs on the row's machine
    };
    struct Record {
        Side side;
        bool ranked;
    };

    static std::size_t index(const Membership& place) {
        return static_cast<std::size_t>(2 * place.row + place.side);
    }
    Int& rank(const Membership& place) {
        return rank_[first_item_[static_cast<std::size_t>(place.row)] + place.item];
    }

    const Network* network_;
    std::vector<Side> sides_;
    std::vector<Int> n_ranked_;
    std::vector<Int> first_item_;
    std::vector<Int> rank_;
    std::vector<Record> records_;
};

}  // namespace headway
