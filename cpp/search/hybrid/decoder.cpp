#include "search/hybrid/decoder.hpp"

#include <algorithm>
#include <limits>

namespace headway::search::hybrid {

Decoder::Decoder(const Shop& shop)
    : shop_(&shop),
      queue_(static_cast<std::size_t>(shop.n_jobs())),
      next_(static_cast<std::size_t>(shop.n_jobs())) {
    Index most = 0;
    for (Index s = 0; s < shop.n_stages(); ++s) {
        most = std::max(most, shop.n_machines(s));
    }
    free_.resize(static_cast<std::size_t>(most) + 1);
}

void Decoder::enter(std::span<const Index> order) {
    std::ranges::transform(order, queue_.begin(), [this](Index job) {
        return Arrival{shop_->release(job), job};
    });
}

Int Decoder::value(std::span<const Index> order, Int limit) {
    enter(order);
    for (Index s = 0; s < shop_->n_stages(); ++s) {
        const bool within = shop_->identical(s)
                                ? pass_identical(s, limit)
                                : pass(s, limit, [](Index, Time, Index) {});
        if (!within) {
            return limit + 1;
        }
    }
    return cost(limit);
}

void Decoder::schedule(std::span<const Index> order, Assignment& result) {
    const auto stages = static_cast<std::size_t>(shop_->n_stages());
    result.start.resize(order.size() * stages);
    result.machine.resize(order.size() * stages);
    enter(order);
    for (Index s = 0; s < shop_->n_stages(); ++s) {
        pass(s, std::numeric_limits<Int>::max(), [&](Index job, Time start, Index machine) {
            const auto at = static_cast<std::size_t>(job) * stages + static_cast<std::size_t>(s);
            result.start[at] = start;
            result.machine[at] = machine;
        });
    }
}

bool Decoder::pass_identical(Index stage, Int limit) {
    const Index first = shop_->first_machine(stage);
    const auto last = static_cast<std::size_t>(shop_->n_machines(stage)) - 1;
    // By time, so that the first one is free first.
    std::fill_n(free_.begin(), last + 1, 0);
    left_ = 0;
    for (const Arrival& arrival : queue_) {
        std::size_t k = 0;
        while (k < last && free_[k + 1] <= arrival.time) {
            ++k;
        }
        const Time end =
            std::max(arrival.time, free_[k]) + shop_->duration(arrival.job)[first];
        if (too_late(arrival.job, stage, end, limit)) {
            return false;
        }
        for (; k < last && free_[k + 1] < end; ++k) {
            free_[k] = free_[k + 1];
        }
        free_[k] = end;
        leave(end, arrival.job);
    }
    queue_.swap(next_);
    return true;
}

template <class Record>
bool Decoder::pass(Index stage, Int limit, Record&& record) {
    const Index first = shop_->first_machine(stage);
    const Index count = shop_->n_machines(stage);
    std::fill_n(free_.begin(), count, 0);
    left_ = 0;
    for (const Arrival& arrival : queue_) {
        const Time* p = shop_->duration(arrival.job) + first;
        Index chosen = -1;
        Time earliest = std::numeric_limits<Time>::max(), latest = 0;
        for (Index k = 0; k < count; ++k) {
            const Time free = free_[static_cast<std::size_t>(k)];
            const Time end = std::max(arrival.time, free) + p[k];
            if (p[k] != UNABLE && (end < earliest || (end == earliest && free > latest))) {
                earliest = end;
                latest = free;
                chosen = k;
            }
        }
        if (too_late(arrival.job, stage, earliest, limit)) {
            return false;
        }
        record(arrival.job, earliest - p[chosen], first + chosen);
        free_[static_cast<std::size_t>(chosen)] = earliest;
        leave(earliest, arrival.job);
    }
    queue_.swap(next_);
    return true;
}

Int Decoder::cost(Int limit) const {
    Int sum = shop_->aim() == Aim::LATEST ? shop_->floor() : 0;
    for (const Arrival& arrival : queue_) {
        const Time late = arrival.time - shop_->due(arrival.job);
        switch (shop_->aim()) {
            case Aim::LATEST:
                sum = std::max<Int>(sum, late);
                break;
            case Aim::TARDINESS:
                sum += shop_->weight(arrival.job) * std::max(late, 0);
                break;
            case Aim::TARDY:
                sum += late > 0 ? shop_->weight(arrival.job) : 0;
                break;
        }
        if (sum > limit) {
            break;
        }
    }
    return sum;
}

}  // namespace headway::search::hybrid
