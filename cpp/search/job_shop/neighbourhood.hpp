// Neighbourhood N7: moves of tasks within critical blocks, and what they lead to by estimate.
#pragma once

#include <span>
#include <vector>

#include "search/job_shop/orientation.hpp"

namespace headway::search::job_shop {

// A critical block: tasks in a row on one machine and on one critical path. Its data are copied
// side by side, since many moves within it are looked at.
class Block {
public:
    explicit Block(Index largest);

    // opens: the block starts the path at time 0, so that another order at its beginning leaves
    // the path as long as it is; closes: the same at the end of the path.
    void load(const Orientation& orientation, std::span<const Index> tasks, bool opens,
              bool closes);

    Index size() const { return size_; }
    Index task(Index k) const { return task_[at(k)]; }

    // Length of the longest path through the tasks from i to j once task i stands behind task j,
    // if the heads of all predecessors and the tails of all successors stay what they are. Gives
    // up on values above the limit and returns one such.
    Time behind(Index i, Index j, Time limit);
    // The same once task j stands before task i.
    Time before(Index i, Index j, Time limit);

    // Calls offer(move, i, j, estimate) for every move of the neighbourhood: an inner task, or the
    // one at the other end, goes to the end or to the beginning of the block (N6); the task at an
    // end goes inside (N7). `estimate` is a function that takes a limit.
    template <class Offer>
    void moves(const Orientation& orientation, Offer&& offer) {
        const Index last = size_ - 1;
        const auto behind_of = [&](Index i, Index j) {
            if (orientation.may_follow(task(i), task(j))) {
                offer(Move{task(i), task(j), true}, i, j,
                      [this, i, j](Time limit) { return behind(i, j, limit); });
            }
        };
        const auto before_of = [&](Index i, Index j) {
            if (orientation.may_precede(task(j), task(i))) {
                offer(Move{task(j), task(i), false}, i, j,
                      [this, i, j](Time limit) { return before(i, j, limit); });
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
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    std::vector<Index> task_;
    std::vector<Time> head_, tail_, ready_, rest_, duration_;
    std::vector<Time> new_head_;
    Time free_ = 0;   // when the machine is free for the block
    Time after_ = 0;  // tail of the task behind it
    Index size_ = 0;
    bool opens_ = false;
    bool closes_ = false;
};

// The critical blocks of a path, one after another: calls visit(block) for those with moves.
template <class Visit>
void for_each_block(const Orientation& orientation, const Orientation::Path& path, Block& block,
                    Visit&& visit) {
    const std::size_t n = path.task.size();
    const bool at_zero = n > 0 && orientation.node(path.task[0]).head == 0;
    for (std::size_t begin = 0, end; begin < n; begin = end) {
        end = begin + 1;
        while (end < n && path.by_machine[end]) {
            ++end;
        }
        const bool opens = begin == 0 && at_zero, closes = end == n;
        if (end - begin > 1 && !(opens && closes)) {
            block.load(orientation, {path.task.data() + begin, end - begin}, opens, closes);
            visit(block);
        }
    }
}

}  // namespace headway::search::job_shop
