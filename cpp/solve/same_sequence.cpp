#include "solve/same_sequence.hpp"

namespace headway {

SameSequence::SameSequence(const Network& network) : network_(&network) {
    Int total = 0;
    for (const auto& items : network.rows) {
        rows_.push_back({total, 0, {0, 0}});
        total += static_cast<Int>(items.size());
    }
    rank_.assign(static_cast<std::size_t>(total), ABSENT);
    item_ranked_.assign(static_cast<std::size_t>(total), ABSENT);
}

bool SameSequence::binds(const Membership& place, Int mode) const {
    const ProblemView& problem = network_->problem();
    return rank(place) != UNBOUND && problem.uses(mode, place.machine) &&
           (place.as_well == ABSENT || problem.uses(mode, place.as_well));
}

bool SameSequence::is_turn(Int task, Int mode) const {
    // A task may stand for several items of one row; those it would rank itself come in between.
    const Membership* before = nullptr;
    Int newly_ranked = 0;
    Int newly_placed[2] = {0, 0};
    for (const Membership& place : network_->memberships[task]) {
        if (!binds(place, mode)) {
            continue;
        }
        if (!before || before->row != place.row) {
            newly_ranked = newly_placed[0] = newly_placed[1] = 0;
        }
        const Row& row = rows_[place.row];
        const bool same_item = before && before->row == place.row && before->item == place.item;
        if (rank(place) == ABSENT && !same_item) {
            ++newly_ranked;
        }
        const Int turn = rank(place) == ABSENT ? row.n_ranked + newly_ranked - 1 : rank(place);
        if (row.next[place.side] + newly_placed[place.side] != turn) {
            return false;
        }
        ++newly_placed[place.side];
        before = &place;
    }
    return true;
}

Int SameSequence::last(const Membership& place, Int mode) const {
    const Row& row = rows_[place.row];
    if (!binds(place, mode)) {
        return ABSENT;
    }
    for (Int rank = row.next[place.side]; rank-- > 0;) {
        const Int item = item_ranked_[row.first_item + rank];
        if (rank_[row.first_item + item] != UNBOUND) {
            return network_->rows[place.row][static_cast<std::size_t>(item)]
                                 [static_cast<std::size_t>(place.side)];
        }
    }
    return ABSENT;
}

void SameSequence::skip_unbound(Row& row) const {
    for (Int& next : row.next) {
        while (next < row.n_ranked &&
               rank_[row.first_item + item_ranked_[row.first_item + next]] == UNBOUND) {
            ++next;
        }
    }
}

void SameSequence::append(Int task, Int mode) {
    for (const Membership& place : network_->memberships[task]) {
        Row& row = rows_[place.row];
        Int& mine = rank_[row.first_item + place.item];
        records_.push_back({row, mine});
        if (!binds(place, mode)) {
            mine = UNBOUND;
        } else {
            if (mine == ABSENT) {
                item_ranked_[row.first_item + row.n_ranked] = place.item;
                mine = row.n_ranked++;
            }
            ++row.next[place.side];
        }
        skip_unbound(row);
    }
}

void SameSequence::remove(Int task) {
    const auto places = network_->memberships[task];
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
        const Record record = records_.back();
        records_.pop_back();
        rows_[place->row] = record.row;
        rank_[record.row.first_item + place->item] = record.rank;
    }
}

}  // namespace headway
