// Neighbourhood: critical tasks move within their block or to another machine, and the length of
// the longest path through them is estimated.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "search/critical_block.hpp"
#include "search/flexible/orientation.hpp"

namespace headway::search::flexible {

// A critical block.
class Block : public MachineRow {
public:
    explicit Block(Index largest);

    // opens: the block starts the path at time 0, so that another order at its beginning leaves
    // the path as long as it is; closes: the same at the end of the path.
    void load(const Orientation& orientation, std::span<const Index> tasks, bool opens,
              bool closes);

    // As behind_by() says.
    Time behind(Index i, Index j, Time limit);
    Time before(Index i, Index j, Time limit);

    // Calls offer(move, estimate) for every move of the neighbourhood with an estimate up to the
    // limit, which may fall meanwhile: an inner task, or the one at the other end, goes to the end
    // or to the beginning of the block; the task at an end goes inside (N7).
    template <class Offer>
    void moves(const Orientation& orientation, const Time& limit, Offer&& offer) {
        const Index last = size_ - 1;
        const auto behind_of = [&](Index i, Index j) {
            const Time estimate = behind(i, j, limit);
            if (estimate <= limit &&
                orientation.may_stand(task(i), task(j), orientation.none())) {
                const Node& anchor = orientation.node(task(j));
                offer(Move{task(i), orientation.node(task(i)).mode, task(j), anchor.right}, estimate);
            }
        };
        const auto before_of = [&](Index i, Index j) {
            const Time estimate = before(i, j, limit);
            if (estimate <= limit &&
                orientation.may_stand(task(j), orientation.none(), task(i))) {
                const Node& anchor = orientation.node(task(i));
                offer(Move{task(j), orientation.node(task(j)).mode, anchor.left, task(i)}, estimate);
            }
        };
        if (!closes_) {
            for (Index i = last - 1; i >= 0; --i) {
                behind_of(i, last);
            }
            for (Index i = last - 2; i >= 0; --i) {
                before_of(i, last);
            }
        }
        if (!opens_) {
            // The moves between both ends have been offered unless the block closes the path.
            const Index far = closes_ ? last : last - 1;
            for (Index j = 1; j <= far; ++j) {
                before_of(0, j);
            }
            for (Index j = 2; j <= far; ++j) {
                behind_of(0, j);
            }
        }
    }

private:
    bool opens_ = false;
    bool closes_ = false;
};

// A task's own part of the paths through it, by relations alone: its earliest start but for
// releases, and the longest paths from its start and from its end on.
struct Reach {
    Time head, to_start, to_end;

    Time tail(Time duration, Time right) const {
        return std::max(to_start, duration + std::max(to_end, right));
    }
};

Reach reach(const Orientation& orientation, Index task);

// A place for a task in another one of its modes.
struct Insertion {
    Move move;
    Time through;  // the longest path through the task, if other heads and tails stay
};

// The best place in a mode that is not the present one, if the path through the task is no longer
// than the limit. Between the tasks that must end before the task can start and those that must
// start after it can end, each place is free of cycles, and the best of all places is among them
// (Mastrolilli and Gambardella 2000); ties are broken at random.
std::optional<Insertion> best_insertion(const Orientation& orientation, Index task, Index mode,
                                        const Reach& own, Time limit, Random& random);

// Calls visit(move, estimate) for every move within the blocks of a critical path, and for the best
// place of each of its tasks in each other mode, if its estimate is up to the limit, which may fall
// meanwhile.
template <class Visit>
void visit_moves(const Orientation& orientation, const Orientation::Path& path, Block& block,
                 const Time& limit, Random& random, Visit&& visit) {
    for_each_block(orientation, path, true, block,
                   [&](Block& b) { b.moves(orientation, limit, visit); });
    const Shop& shop = orientation.shop();
    for (const Index task : path.task) {
        if (!shop.has_choice(task)) {
            continue;
        }
        const Reach own = reach(orientation, task);
        for (Index m = shop.first_mode(task); m < shop.end_mode(task); ++m) {
            if (m == orientation.node(task).mode) {
                continue;
            }
            const auto found = best_insertion(orientation, task, m, own, limit, random);
            if (found && orientation.may_stand(task, found->move.left, found->move.right)) {
                visit(found->move, found->through);
            }
        }
    }
}

}  // namespace headway::search::flexible
