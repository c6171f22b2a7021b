// From an order of jobs to a schedule of a hybrid flow shop.
#pragma once

#include <span>
#include <vector>

#include "search/hybrid/shop.hpp"

namespace headway::search::hybrid {

// When each operation starts and on which machine; a row of stages per job.
struct Assignment {
    std::vector<Time> start;
    std::vector<Index> machine;
};

// The first stage takes the jobs in the order given, the later ones as they come. Each job goes to
// the machine of its stage on which it ends first, and of several to the one that is free last.
class Decoder {
public:
    explicit Decoder(const Shop& shop);

    // The objective, or some number above `limit` if that is passed.
    Int value(std::span<const Index> order, Int limit);
    void schedule(std::span<const Index> order, Assignment& result);

private:
    struct Arrival {
        Time time;
        Index job;
    };

    void enter(std::span<const Index> order);
    // Sends the queue through a stage; false as soon as a job makes the value pass the limit.
    bool pass_identical(Index stage, Int limit);
    template <class Record>
    bool pass(Index stage, Int limit, Record&& record);
    bool too_late(Index job, Index stage, Time end, Int limit) const {
        return shop_->aim() == Aim::LATEST &&
               Int{end} + shop_->behind(job, stage) - shop_->due(job) > limit;
    }
    // Puts a job into the queue for the next stage.
    void leave(Time end, Index job) {
        std::size_t k = left_++;
        for (; k > 0 && next_[k - 1].time > end; --k) {
            next_[k] = next_[k - 1];
        }
        next_[k] = {end, job};
    }
    Int cost(Int limit) const;

    const Shop* shop_;
    std::vector<Arrival> queue_, next_;  // jobs before and behind a stage, by time
    std::size_t left_ = 0;
    std::vector<Time> free_;  // when each machine of the stage is free
};

}  // namespace headway::search::hybrid
