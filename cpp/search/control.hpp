// What the workers of one search share with one another and with the outside.
#pragma once

#include <algorithm>
#include <atomic>
#include <limits>

#include "base.hpp"

namespace headway::search {

// Asks workers to end soon; may be set from any thread.
class StopFlag {
public:
    void set() { set_.store(true, std::memory_order_relaxed); }
    bool is_set() const { return set_.load(std::memory_order_relaxed); }

private:
    std::atomic<bool> set_ = false;
};

// The best value any worker has found, and the value that is good enough. Objectives are
// minimised. All of it may be called from several threads.
class Incumbent {
public:
    Int best() const { return best_.load(std::memory_order_relaxed); }
    Int goal() const { return goal_.load(std::memory_order_relaxed); }
    bool reached() const { return best() <= goal(); }

    // Notes a value; true if it is the best so far.
    bool note(Int value) {
        Int known = best();
        while (value < known) {
            if (best_.compare_exchange_weak(known, value, std::memory_order_relaxed)) {
                return true;
            }
        }
        return false;
    }

    // A value that is good enough, as a lower bound is; the largest one given counts.
    void raise_goal(Int goal) {
        Int known = this->goal();
        while (goal > known &&
               !goal_.compare_exchange_weak(known, goal, std::memory_order_relaxed)) {
        }
    }

private:
    std::atomic<Int> best_ = std::numeric_limits<Int>::max();
    std::atomic<Int> goal_ = std::numeric_limits<Int>::min();
};

// What one worker may still do: a number of steps, until it is asked to stop or a value is reached
// that is good enough.
class Budget {
public:
    Budget(const Incumbent& incumbent, std::uint64_t steps, const StopFlag& stop)
        : incumbent_(&incumbent), stop_(&stop), left_(steps) {}

    bool more() const { return left_ > 0 && !stop_->is_set() && !incumbent_->reached(); }
    bool is_spent() const { return left_ == 0; }
    void spend(std::uint64_t steps) {
        used_ += steps;
        left_ -= std::min(left_, steps);
    }
    std::uint64_t used() const { return used_; }

private:
    const Incumbent* incumbent_;
    const StopFlag* stop_;
    std::uint64_t left_;
    std::uint64_t used_ = 0;
};

}  // namespace headway::search
