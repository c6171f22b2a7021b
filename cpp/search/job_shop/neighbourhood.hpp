// Moves of tasks within critical blocks and out of them, and what they lead to by estimate.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/job_shop/orientation.hpp"

namespace headway::search::job_shop {

// Which moves are looked at, each neighbourhood with those of the ones before it: an inner task, or
// the one at the other end, goes to the end or to the beginning of its block (N6); the task at an
// end goes inside (N7); a task leaves the block, as far as no cycle can arise (N8).
enum class Neighbourhood : std::uint8_t { N6, N7, N8 };

// A critical block: tasks in a row on one machine and on one critical path. Its data, and those of
// the tasks around it that moves may go past, are copied side by side, since many moves within it
// are looked at.
class Block {
public:
    Block(Index largest, Neighbourhood neighbourhood);

    // opens: the block starts the path at time 0, so that another order at its beginning leaves
    // the path as long as it is; closes: the same at the end of the path.
    void load(const Orientation& orientation, std::span<const Index> tasks, bool opens,
              bool closes);

    Index task(Index k) const { return task_[at(k)]; }

    // Length of the longest path through the tasks from i to j once task i stands behind task j,
    // if the heads of all predecessors and the tails of all successors stay what they are. Gives
    // up on values above the limit and returns one such. Where machines rest, the same by latest
    // starts: the present makespan and the most that any of the tasks would be late.
    Time behind(Index i, Index j, Time limit) {
        return calendar_ == nullptr ? behind(EvenClock{this}, i, j, limit)
                                    : behind(RestingClock{this}, i, j, limit);
    }
    // The same once task j stands before task i.
    Time before(Index i, Index j, Time limit) {
        return calendar_ == nullptr ? before(EvenClock{this}, i, j, limit)
                                    : before(RestingClock{this}, i, j, limit);
    }

    // Calls offer(move, i, j, estimate) for every move of the neighbourhood; `estimate` is a
    // function that takes a limit.
    template <class Offer>
    void moves(const Orientation& orientation, Offer&& offer) {
        const auto behind_of = [&](Index i, Index j) {
            // The swap of neighbours is the same move seen from either task.
            if (orientation.may_follow(task(i), task(j)) ||
                (j == i + 1 && orientation.may_precede(task(j), task(i)))) {
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
        const bool inside = neighbourhood_ != Neighbourhood::N6;
        if (!closes_) {
            for (Index i = last_ - 1; i >= first_; --i) {
                behind_of(i, last_);
            }
            for (Index i = last_ - 2; inside && i >= first_; --i) {
                before_of(i, last_);
            }
        }
        if (!opens_) {
            // The last task has been offered to the beginning above unless the block closes the
            // path; the swap of two tasks always has.
            const bool offered = !closes_ && (inside || last_ - first_ == 1);
            for (Index j = first_ + 1; j <= last_ - (offered ? 1 : 0); ++j) {
                before_of(first_, j);
            }
            for (Index j = first_ + 2; inside && j <= last_ - (offered ? 1 : 0); ++j) {
                behind_of(first_, j);
            }
        }
        for (Index j = last_ + 1; j < size_; ++j) {
            for (Index i = first_; i <= last_; ++i) {
                behind_of(i, j);
            }
        }
        for (Index i = first_ - 1; i >= 0; --i) {
            for (Index j = first_; j <= last_; ++j) {
                before_of(i, j);
            }
        }
    }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    // How time passes for the k-th task: its start and end from a time on, and its tail if the
    // machine is needed for `next` more.
    struct EvenClock {
        const Block* block;
        Time start(Index, Time time) const { return time; }
        Time end(Index k, Time start) const { return start + block->duration_[at(k)]; }
        Time tail(Index k, Time next) const { return block->duration_[at(k)] + next; }
    };
    struct RestingClock {
        const Block* block;
        Time start(Index k, Time time) const {
            return block->calendar_->start(time, block->duration_[at(k)], block->pauses_[at(k)]);
        }
        Time end(Index k, Time start) const {
            return block->calendar_->end(start, block->duration_[at(k)], block->pauses_[at(k)]);
        }
        Time tail(Index k, Time next) const {
            return block->makespan_ - block->calendar_->latest_start(block->makespan_ - next,
                                                                     block->duration_[at(k)],
                                                                     block->pauses_[at(k)]);
        }
    };
    template <class Clock>
    Time behind(Clock clock, Index i, Index j, Time limit);
    template <class Clock>
    Time before(Clock clock, Index i, Index j, Time limit);
    // When the machine is free for the k-th task.
    Time free_for(Index k) const {
        return k > 0 ? head_[at(k - 1)] + elapsed_[at(k - 1)] : free_;
    }

    // Tasks to the right of the last one, or to the left of the first one, that some task of the
    // block may move past, the nearest first.
    template <bool RIGHT>
    void look_beyond(const Orientation& orientation, std::span<const Index> tasks);

    Neighbourhood neighbourhood_;
    std::vector<Index> beyond_;  // scratch for load
    std::vector<Index> task_;
    std::vector<Time> head_, tail_, ready_, rest_, duration_, elapsed_;
    std::vector<Time> new_head_;
    std::vector<std::uint8_t> pauses_;
    const Calendar* calendar_ = nullptr;  // null if no machine ever rests
    Time makespan_ = 0;
    Time free_ = 0;   // when the machine is free for the first task
    Time after_ = 0;  // tail of the task behind the last one
    Index size_ = 0;
    Index first_ = 0;  // where the block itself begins and ends
    Index last_ = 0;
    bool opens_ = false;
    bool closes_ = false;
};

// The critical blocks of a path, one after another: calls visit(block) for those with moves.
template <class Visit>
void for_each_block(const Orientation& orientation, const Orientation::Path& path, Block& block,
                    Visit&& visit) {
    const std::size_t n = path.task.size();
    // In another order tasks may fit between breaks better, so that any part of a block counts.
    const bool even = !orientation.shop().has_breaks();
    const bool at_zero = n > 0 && orientation.node(path.task[0]).head == 0;
    for (std::size_t begin = 0, end; begin < n; begin = end) {
        end = begin + 1;
        while (end < n && path.by_machine[end]) {
            ++end;
        }
        const bool opens = even && begin == 0 && at_zero, closes = even && end == n;
        if (end - begin > 1 && !(opens && closes)) {
            block.load(orientation, {path.task.data() + begin, end - begin}, opens, closes);
            visit(block);
        }
    }
}

}  // namespace headway::search::job_shop
