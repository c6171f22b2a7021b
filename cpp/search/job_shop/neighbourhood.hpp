// Moves of tasks within critical blocks and out of them, and what they lead to by estimate.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/critical_block.hpp"
#include "search/job_shop/orientation.hpp"

namespace headway::search::job_shop {

// Which moves are looked at, each neighbourhood with those of the ones before it: an inner task, or
// the one at the other end, goes to the end or to the beginning of its block (N6); the task at an
// end goes inside (N7); a task leaves the block, as far as no cycle can arise (N8).
enum class Neighbourhood : std::uint8_t { N6, N7, N8 };

// A critical block, and the tasks around it that moves may go past.
class Block : public MachineRow {
public:
    Block(Index largest, Neighbourhood neighbourhood);

    // opens: the block starts the path at time 0, so that another order at its beginning leaves
    // the path as long as it is; closes: the same at the end of the path.
    void load(const Orientation& orientation, std::span<const Index> tasks, bool opens,
              bool closes);

    // As behind_by() says; where machines rest, the same by latest starts: the present makespan and
    // the most that any of the tasks would be late.
    Time behind(Index i, Index j, Time limit);
    Time before(Index i, Index j, Time limit);

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
    // How time passes where machines rest.
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

    // Tasks to the right of the last one, or to the left of the first one, that some task of the
    // block may move past, the nearest first.
    template <bool RIGHT>
    void look_beyond(const Orientation& orientation, std::span<const Index> tasks);

    Neighbourhood neighbourhood_;
    std::vector<Index> beyond_;  // scratch for load
    std::vector<Time> duration_;
    std::vector<std::uint8_t> pauses_;
    const Calendar* calendar_ = nullptr;  // null if no machine ever rests
    Time makespan_ = 0;
    Index first_ = 0;  // where the block itself begins and ends
    Index last_ = 0;
    bool opens_ = false;
    bool closes_ = false;
};

}  // namespace headway::search::job_shop
