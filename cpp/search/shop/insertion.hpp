// A lifted task goes back to the best place on all machines.
#pragma once

#include <span>
#include <vector>

#include "search/shop/state.hpp"

namespace headway::search::shop {

// Where a task stood before it was lifted.
struct Origin {
    Index choice = 0;
    std::vector<Index> left;  // the node before it on each of its machines
};

// A mode, and a place in the linear order, that a lifted task may take.
struct Place {
    Index choice = 0;
    std::vector<Index> left;  // the node before it on each machine of the mode
    Index behind = 0;         // the task before it in the linear order; n_tasks() for none
};

// Every place in every mode of one lifted task, without changing the state. Places are those
// between the tasks that it waits for and those that wait for it in the linear order; on each
// machine it comes right behind what stands before it there. Values are exact as long as no detour
// over a third task shortens a setup (cf. Mastrolilli and Gambardella 2000).
class Insertion {
public:
    explicit Insertion(const Shop& shop);

    // Calls offer(place, value, blocked, back) for every place; `back` says whether it is the
    // origin, and `blocked` counts what is forbidden about the others: pairs of tasks that turn
    // round, forbids.pair(earlier, later), or the mode, forbids.mode(mode).
    template <class Forbids, class Offer>
    void visit(const State& state, Index task, const Origin& origin, const Forbids& forbids,
               Offer&& offer) {
        open(state, task);
        for (Index choice = 0; choice < shop_->n_modes(task); ++choice) {
            begin(state, choice);
            const bool same = choice == origin.choice;
            Index blocked = same ? 0 : forbids.mode(mode_);
            if (same) {
                passed_.assign(place_.left.size(), 0);
                for (std::size_t slot = 0; slot < passed_.size(); ++slot) {
                    blocked += before_origin(state, slot, origin, forbids);
                }
            }
            do {
                const bool back = same && place_.left == origin.left;
                offer(static_cast<const Place&>(place_), value(state), blocked, back);
            } while (advance(state, [&](std::size_t slot, Index node) {
                if (!same) {
                    return;
                }
                const Index other = shop_->owner(node);
                if (passed_[slot] != 0) {
                    blocked += forbids.pair(other, task_);
                } else {
                    blocked -= forbids.pair(task_, other);
                    passed_[slot] = node == origin.left[slot];
                }
            }));
        }
    }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    // Looks at what all modes have in common.
    void open(const State& state, Index task);
    // Goes to the first place of a mode.
    void begin(const State& state, Index choice);
    Time value(const State& state);

    // Counts the forbidden pairs on one machine if the task stands at the first place, and notes
    // whether that is at or behind its origin.
    template <class Forbids>
    Index before_origin(const State& state, std::size_t slot, const Origin& origin,
                        const Forbids& forbids) {
        const Index none = shop_->no_node(), left = origin.left[slot];
        const auto place = [&](Index node) {
            return node == none ? Index{-1} : state.place(shop_->owner(node));
        };
        Index blocked = 0;
        if (place(left) <= place(place_.left[slot])) {
            passed_[slot] = 1;
            for (Index x = place_.left[slot]; x != left; x = state.left(x)) {
                blocked += forbids.pair(shop_->owner(x), task_);
            }
        } else {
            for (Index x = left; x != place_.left[slot]; x = state.left(x)) {
                blocked += forbids.pair(task_, shop_->owner(x));
            }
        }
        return blocked;
    }

    // Goes to the next place of the mode, past one task, and tells of each of its nodes on
    // the machines of the mode; false if there is none.
    template <class Pass>
    bool advance(const State& state, Pass&& pass) {
        Index next = shop_->n_tasks();
        Index soonest = latest_;
        for (std::size_t slot = 0; slot < right_.size(); ++slot) {
            const Index other = shop_->owner(right_[slot]);
            if (other != shop_->n_tasks() && state.place(other) < soonest) {
                soonest = state.place(other);
                next = other;
            }
        }
        if (next == shop_->n_tasks()) {
            return false;
        }
        for (std::size_t slot = 0; slot < right_.size(); ++slot) {
            if (shop_->owner(right_[slot]) == next) {
                const Index node = right_[slot];
                place_.left[slot] = node;
                right_[slot] = state.right(node);
                pass(slot, node);
            }
        }
        place_.behind = next;
        return true;
    }

    const Shop* shop_;
    std::size_t n_groups_;
    Index task_ = 0;
    Index mode_ = 0;
    Index previous_ = 0;  // the last task in the linear order that it waits for
    Index latest_ = 0;    // its place is before this one
    Time ready_ = 0;
    Place place_;
    std::vector<Index> right_;
    std::vector<Time> rest_;
    std::vector<std::uint8_t> passed_;
};

}  // namespace headway::search::shop
