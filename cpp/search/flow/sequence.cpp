#include "search/flow/sequence.hpp"

#include "search/flow/latest.hpp"
#include "search/flow/sum.hpp"

namespace headway::search::flow {

std::unique_ptr<Sequence> Sequence::of(const Shop& shop) {
    if (shop.aim() == Aim::LATEST) {
        return std::make_unique<LatestSequence>(shop);
    }
    return std::make_unique<SumSequence>(shop);
}

void Sequence::assign(std::span<const Index> order) {
    order_.assign(order.begin(), order.end());
    changed(0, 0);
}

void Sequence::insert(Index place, Index job) {
    const Index behind = size() - place;
    order_.insert(order_.begin() + place, job);
    changed(place, behind);
}

Index Sequence::remove(Index place) {
    const Index taken = job(place);
    order_.erase(order_.begin() + place);
    changed(place, size() - place);
    return taken;
}

std::vector<Int> starts(const Shop& shop, std::span<const Index> order) {
    const Index m = shop.n_machines();
    std::vector<Int> start(static_cast<std::size_t>(shop.n_jobs()) * static_cast<std::size_t>(m));
    std::vector<Time> free(static_cast<std::size_t>(m));
    const auto at = [&](Index k) -> Time& { return free[static_cast<std::size_t>(k)]; };
    Index before = shop.none();
    for (const Index job : order) {
        const Time first = std::max(shop.release(job), at(0));
        advance(shop, before, job, at, at);
        Int* row = start.data() + static_cast<std::size_t>(job) * static_cast<std::size_t>(m);
        for (Index k = 0; k < m; ++k) {
            // With blocking, a job leaves one machine when it enters the next.
            row[k] = !shop.blocking() ? at(k) - shop.duration(job)[k] : k == 0 ? first : at(k - 1);
        }
        before = job;
    }
    return start;
}

}  // namespace headway::search::flow
