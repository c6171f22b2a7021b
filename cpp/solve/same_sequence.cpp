#include "solve/same_sequence.hpp"

namespace headway {

SameSequence::SameSequence(const Network& network)
    : network_(&network),
      sides_(static_cast<std::size_t>(2 * network.n_rows)),
      n_ranked_(static_cast<std::size_t>(network.n_rows), 0) {
    Int total = 0;
    for (const Int size : network.row_size) {
        first_item_.push_back(total);
        total += size;
    }
    rank_.assign(static_cast<std::size_t>(total), ABSENT);
}

bool SameSequence::is_turn(Int task) const {
    for (const Membership& place : network_->memberships[task]) {
        const Int rank = rank_[first_item_[static_cast<std::size_t>(place.row)] + place.item];
        const Int turn = rank == ABSENT ? n_ranked_[place.row] : rank;
        if (sides_[index(place)].placed != turn) {
            return false;
        }
    }
    return true;
}

void SameSequence::append(Int task, Int mode) {
    for (const Membership& place : network_->memberships[task]) {
        Side& side = sides_[index(place)];
        Int& mine = rank(place);
        records_.push_back({side, mine == ABSENT});
        if (mine == ABSENT) {
            mine = n_ranked_[place.row]++;
        }
        ++side.placed;
        if (network_->problem().uses(mode, place.machine)) {
            side.last = task;
        }
    }
}

void SameSequence::remove(Int task) {
    const auto places = network_->memberships[task];
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
        const Record record = records_.back();
        records_.pop_back();
        sides_[index(*place)] = record.side;
        if (record.ranked) {
            rank(*place) = ABSENT;
            --n_ranked_[place->row];
        }
    }
}

}  // namespace headway
