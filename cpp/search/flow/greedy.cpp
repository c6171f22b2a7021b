#include "search/flow/greedy.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace headway::search::flow {

Greedy::Greedy(const Shop& shop, Random& random)
    : sequence_(Sequence::of(shop)), random_(random) {
    out_.reserve(static_cast<std::size_t>(shop.n_jobs()));
    queue_.reserve(static_cast<std::size_t>(shop.n_jobs()));
}

void Greedy::construct(const GoOn& go_on) {
    const Shop& shop = sequence_->shop();
    sequence_->assign({});
    out_.resize(static_cast<std::size_t>(shop.n_jobs()));
    std::iota(out_.begin(), out_.end(), 0);
    // Long jobs fit in badly later on; but where every end counts, short ones come first.
    const Int sign = shop.aim() == Aim::LATEST ? -1 : 1;
    std::ranges::sort(out_, {}, [&](Index job) {
        return std::tuple(shop.due(job), sign * shop.work(job), job);
    });
    repair(go_on);
}

void Greedy::destroy(Index count) {
    for (Index i = 0; i < count; ++i) {
        out_.push_back(sequence_->remove(random_.below(sequence_->size())));
    }
}

void Greedy::repair(const GoOn& go_on) {
    for (const Index job : out_) {
        // A complete order is worth more than a quick end, so that the rest just goes to the end.
        const Index place =
            go_on() ? sequence_->best_place(job, random_).at : sequence_->size();
        sequence_->insert(place, job);
    }
    out_.clear();
}

void Greedy::descend(const GoOn& go_on) {
    Int value = sequence_->value();
    bool better = true;
    while (better) {
        better = false;
        queue_.assign(sequence_->order().begin(), sequence_->order().end());
        shuffle(queue_, random_);
        for (const Index job : queue_) {
            if (!go_on()) {
                return;
            }
            const auto order = sequence_->order();
            const auto from = static_cast<Index>(std::ranges::find(order, job) - order.begin());
            sequence_->remove(from);
            const Place place = sequence_->best_place(job, random_);
            sequence_->insert(place.value <= value ? place.at : from, job);
            if (place.value < value) {
                value = place.value;
                better = true;
            }
        }
    }
}

}  // namespace headway::search::flow
