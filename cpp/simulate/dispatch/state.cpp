#include "simulate/dispatch/state.hpp"

#include <algorithm>

namespace headway::simulate::dispatch {

State::State(const Shop& shop)
    : shop_(&shop),
      free_(at(shop.n_machines())),
      load_(at(shop.n_machines())),
      start_(at(shop.n_operations())),
      queue_(at(shop.n_machines())) {
    open_.reserve(at(shop.n_jobs()));
    candidates_.reserve(at(shop.n_jobs()));
    reset();
}

void State::reset() {
    open_.clear();
    for (Index j = 0; j < shop_->n_jobs(); ++j) {
        const Operation& first = shop_->operation(shop_->first(j));
        open_.push_back({j, shop_->first(j), first.machine, first.duration, first.release,
                         first.left, first.release});
    }
    std::ranges::fill(free_, 0);
    std::ranges::copy(shop_->load(), load_.begin());
    makespan_ = 0;
    bound_ = shop_->bound();
}

void State::look(double delta) {
    begin_ = FOREVER;
    longest_ = 0;
    Time end = FOREVER;
    for (Candidate& next : open_) {
        next.start = std::max(next.ready, free_[at(next.machine)]);
        begin_ = std::min(begin_, next.start);
        end = std::min(end, next.start + next.duration);
        longest_ = std::max(longest_, next.left);
    }
    std::ranges::fill(queue_, 0);
    candidates_.clear();
    const double slack = delta * static_cast<double>(end - begin_);
    for (const Candidate& next : open_) {
        queue_[at(next.machine)] += next.ready <= begin_ ? 1 : 0;
        if (static_cast<double>(next.start - begin_) <= slack) {
            candidates_.push_back(next);
        }
    }
}

void State::add(const Candidate& chosen) {
    const Time end = chosen.start + chosen.duration;
    const std::size_t q = at(chosen.machine);
    start_[at(chosen.operation)] = chosen.start;
    free_[q] = end;
    load_[q] -= chosen.duration;
    makespan_ = std::max(makespan_, end);
    bound_ = std::max({bound_, chosen.start + chosen.left, end + load_[q]});

    const auto place = std::ranges::lower_bound(open_, chosen.job, {}, &Candidate::job);
    const Index next = chosen.operation + 1;
    if (next == shop_->end(chosen.job)) {
        open_.erase(place);
        return;
    }
    const Operation& operation = shop_->operation(next);
    *place = {chosen.job,        next,           operation.machine, operation.duration,
              std::max(end, operation.release), operation.left, 0};
}

}  // namespace headway::simulate::dispatch
