// An order of some of the jobs of a flow shop, and where one more job does least harm.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "search/flow/shop.hpp"
#include "search/random.hpp"

namespace headway::search::flow {

// A place among the jobs of an order, from 0 to their number, and the value of the order with a
// job inserted there.
struct Place {
    Index at;
    Int value;
};

class Sequence {
public:
    // The kind that suits the aim of the shop.
    static std::unique_ptr<Sequence> of(const Shop& shop);
    virtual ~Sequence() = default;

    const Shop& shop() const { return *shop_; }
    std::span<const Index> order() const { return {order_.data(), order_.size()}; }
    Index size() const { return static_cast<Index>(order_.size()); }

    void assign(std::span<const Index> order);
    void insert(Index place, Index job);
    // Takes the job at a place out and returns it.
    Index remove(Index place);

    // The objective, counting only the jobs in the order.
    virtual Int value() = 0;
    // The best place for a job that is not in the order, ties broken by what looks best, then at
    // random.
    virtual Place best_place(Index job, Random& random) = 0;

protected:
    explicit Sequence(const Shop& shop) : shop_(&shop) {
        order_.reserve(static_cast<std::size_t>(shop.n_jobs()));
    }

    // Jobs before and from a place on that are where they were; what is known of others is void.
    virtual void changed(Index before, Index behind) = 0;

    Index job(Index place) const { return order_[static_cast<std::size_t>(place)]; }
    // The job before a place, or Shop::none().
    Index job_before(Index place) const { return place == 0 ? shop_->none() : job(place - 1); }

private:
    const Shop* shop_;
    std::vector<Index> order_;
};

// When each operation starts if all machines take the jobs in an order; a row of machines per job.
std::vector<Int> starts(const Shop& shop, std::span<const Index> order);

// One step of a schedule: from the times at which the machines are free after the job `before`, to
// those after `job`. On shops with blocking, a machine is free when its job has left it. `From`
// and `To` map a machine to a place in memory, which may be the same.
template <class From, class To>
inline Time advance(const Shop& shop, Index before, Index job, From&& from, To&& to) {
    const Time* p = shop.duration(job);
    const Index m = shop.n_machines();
    Time t = shop.release(job);
    if (shop.blocking()) {
        t = std::max(t, from(0));
        for (Index k = 0; k + 1 < m; ++k) {
            t = std::max(t + p[k], from(k + 1));
            to(k) = t;
        }
        t += p[m - 1];
        to(m - 1) = t;
    } else if (shop.has_setups()) {
        const Time* s = shop.setup(before, job);
        for (Index k = 0; k < m; ++k) {
            t = std::max(t, from(k) + s[k]) + p[k];
            to(k) = t;
        }
    } else {
        for (Index k = 0; k < m; ++k) {
            t = std::max(t, from(k)) + p[k];
            to(k) = t;
        }
    }
    return t;
}

}  // namespace headway::search::flow
