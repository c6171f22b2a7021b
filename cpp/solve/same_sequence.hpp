// Rows of tasks that keep one order on two machines, as in a permutation flow shop.
#pragma once

#include <vector>

#include "solve/network.hpp"

namespace headway {

// The order of a row grows at its end only: whichever of an item's two tasks is placed first gives
// the item its rank, and on either machine tasks are placed by rank. An item does not bind once
// one of its tasks is placed on another machine.
class SameSequence {
public:
    explicit SameSequence(const Network& network);

    // Whether it is the task's turn in all rows that bind in this mode.
    bool is_turn(Int task, Int mode) const;
    // The last task on this side of the row if the next one must come after it, or ABSENT.
    Int last(const Membership& place, Int mode) const;

    void append(Int task, Int mode);
    // Undoes the latest `append` that was not undone yet.
    void remove(Int task);

private:
    struct Row {
        Int first_item;
        Int n_ranked;
        Int next[2];  // on either side: the rank whose turn it is
    };
    struct Record {
        Row row;
        Int rank;
    };
    static constexpr Int UNBOUND = -2;

    bool binds(const Membership& place, Int mode) const;
    Int rank(const Membership& place) const {
        return rank_[rows_[place.row].first_item + place.item];
    }
    void skip_unbound(Row& row) const;

    const Network* network_;
    std::vector<Row> rows_;
    std::vector<Int> rank_;         // per item: its rank, ABSENT or UNBOUND
    std::vector<Int> item_ranked_;  // per row and rank: the item
    std::vector<Record> records_;
};

}  // namespace headway
