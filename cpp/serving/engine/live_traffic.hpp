// Requests that come one at a time, in rows that are used again when they are gone.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "serving/engine/engine.hpp"

namespace headway::serving {

// What a request asks for.
struct Asked {
    Int prompt = 0;  // tokens
    Int output = 0;  // how many the model will say
    Int limit = 0;   // the most that was asked for
    Int priority = 0;
    double key = 0;  // its place in the queue, smallest first
};

// What happened since somebody last listened: rows, and the tokens they have said or how they ended.
struct News {
    std::vector<std::pair<Int, Int>> spoken, ended;
    std::vector<Int> left;
};

// As long as no more than n requests are here at once, there are no more than n rows.
class LiveTraffic final : public Traffic {
public:
    explicit LiveTraffic(Int block_tokens);

    std::shared_ptr<Outcome> outcome() const { return outcome_; }

    // Returns the row of a request. `tokens` are those of its prompt and, as far as they are to be
    // found in the cache, of what it will say; `seed` tells apart equal tokens under other weights.
    Int add(const Asked& asked, Ints tokens, std::uint64_t seed);
    void remove(Int row);

    // Contents of the full blocks of a request: each stands for all the tokens up to its end.
    Ints chain(Int row) const;

    Contents contents(Int request, Int block_tokens) const override;

    // Hears from an engine who has said something, has ended or has left.
    News listen(Engine& engine);

    Int said() const { return said_; }  // tokens that were heard, all requests together
    Int present() const { return static_cast<Int>(present_.size()); }

private:
    Int new_row();
    void check(Int row) const;
    std::size_t place(Int row) const { return static_cast<std::size_t>(row); }

    Int block_tokens_;
    std::shared_ptr<Outcome> outcome_;
    std::vector<double> arrivals_, keys_;
    std::vector<std::int32_t> prompts_, outputs_, limits_, priorities_;
    std::vector<std::vector<Int>> chains_;
    std::vector<std::int32_t> told_;  // tokens that somebody has heard
    std::vector<Int> places_;         // among those present, ABSENT if the row is free
    std::vector<Int> present_, spare_;
    Int said_ = 0;
};

}  // namespace headway::serving
