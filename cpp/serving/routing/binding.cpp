#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <memory>
#include <stdexcept>

#include "serving/binding.hpp"
#include "serving/columns.hpp"
#include "serving/routing/chain.hpp"
#include "serving/routing/choice.hpp"
#include "serving/routing/peak.hpp"
#include "serving/routing/prefix_index.hpp"
#include "serving/step_time.hpp"

// Calls take microseconds and keep the lock of the interpreter, which guards the objects.
namespace headway {
namespace {

using namespace nb::literals;
using namespace serving;

// The bytes of any object that has some in one piece.
class Text {
public:
    explicit Text(nb::handle object) {
        if (PyObject_GetBuffer(object.ptr(), &buffer_, PyBUF_SIMPLE) != 0) {
            throw nb::python_error();
        }
    }
    ~Text() { PyBuffer_Release(&buffer_); }
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;

    Bytes bytes() const {
        return {static_cast<const std::uint8_t*>(buffer_.buf),
                static_cast<std::size_t>(buffer_.len)};
    }

private:
    Py_buffer buffer_;
};

// A choice with rankings that count for always the same.
class WeighedChoice {
public:
    WeighedChoice(std::vector<double> weights, std::vector<bool> largest, bool strictly)
        : strictly_(strictly), columns_(weights.size()) {
        if (weights.size() != largest.size()) {
            throw std::invalid_argument("choice: a weight and a direction for each ranking");
        }
        for (std::size_t i = 0; i < weights.size(); ++i) {
            rankings_.push_back({{}, weights[i], largest[i]});
        }
    }

    nb::list best(const InArray<bool>& among, nb::list scores) {
        if (scores.size() != rankings_.size()) {
            throw std::invalid_argument("choice: as many rankings as weights are expected");
        }
        for (std::size_t i = 0; i < rankings_.size(); ++i) {
            if (!nb::try_cast(scores[i], columns_[i]) || columns_[i].size() != among.size()) {
                throw std::invalid_argument("choice: a score for each engine is expected");
            }
            rankings_[i].scores = view(columns_[i]);
        }
        nb::list engines;
        for (const Int engine : choice_.best(view(among), rankings_, strictly_)) {
            engines.append(engine);
        }
        for (InArray<double>& column : columns_) {
            column = {};
        }
        return engines;
    }

private:
    bool strictly_;
    std::vector<Choice::Ranking> rankings_;
    std::vector<InArray<double>> columns_;
    Choice choice_;
};

// How long prompts take alone of which so many tokens are cached.
nb::object prompt_seconds(const StepTime& time, Int prompt_tokens, const InArray<Int>& cached) {
    std::vector<double> seconds;
    seconds.reserve(cached.size());
    for (const Int known : view(cached)) {
        if (known < 0 || known > prompt_tokens) {
            throw std::invalid_argument("prompt_seconds: cached tokens are not of the prompt");
        }
        const auto tokens = static_cast<double>(prompt_tokens - known);
        const auto context = static_cast<double>(known);
        Shape shape;
        shape.prefill_tokens = tokens;
        shape.prefills = shape.sequences = 1;
        shape.prefill_context = context;
        shape.prefill_pairs = tokens * (context + (tokens + 1) / 2);
        seconds.push_back(tokens > 0 ? time.seconds(shape) : 0.0);
    }
    return moved(std::move(seconds));
}

using Rows = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// Most tokens that requests will hold at once; each row has the fields of SentRequest.
Int expected_peak(const Rows& rows, nb::list kinds, nb::list pasts, const InArray<Int>& all,
                  double now_s, double tokens_per_s) {
    constexpr std::size_t FIELDS = sizeof(SentRequest) / sizeof(double);
    if (rows.shape(1) != FIELDS) {
        throw std::invalid_argument("expected_peak: rows of six fields are expected");
    }
    if (kinds.size() != pasts.size()) {
        throw std::invalid_argument("expected_peak: a past for each kind is expected");
    }
    // Beyond these, numbers are no longer those of tokens.
    constexpr double MOST = 1e15;
    const std::span<const double> cells(rows.data(), rows.size());
    for (const double cell : cells) {
        if (!(std::abs(cell) < MOST)) {
            throw std::invalid_argument("expected_peak: a number is out of range");
        }
    }
    std::vector<SentRequest> requests(rows.shape(0));
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const double* row = rows.data() + i * FIELDS;
        requests[i] = {row[0], row[1], row[2], row[3], row[4], row[5]};
        if (!(row[3] >= 0 && row[3] < 1)) {
            throw std::invalid_argument("expected_peak: quantiles are from 0 up to 1");
        }
        if (!(std::abs((now_s - row[1]) * tokens_per_s) < MOST)) {
            throw std::invalid_argument("expected_peak: a time is out of range");
        }
    }
    std::vector<InArray<Int>> columns;
    std::vector<PastAnswers> answers;
    for (std::size_t i = 0; i < pasts.size(); ++i) {
        InArray<Int> lengths;
        double kind;
        if (!nb::try_cast(pasts[i], lengths) || !nb::try_cast(kinds[i], kind)) {
            throw std::invalid_argument("expected_peak: a kind is a number, a past a column");
        }
        columns.push_back(lengths);
        answers.push_back({kind, view(lengths)});
    }
    PeakDemand demand;
    return demand.expected(requests, answers, view(all), now_s, tokens_per_s);
}

}  // namespace

void bind_routing(nb::module_& module) {
    nb::class_<PrefixIndex>(module, "PrefixIndex", "Which engines were sent a block lately.")
        .def(nb::init<Int, double>(), "capacity"_a, "ttl_s"_a)
        .def("__len__", &PrefixIndex::size)
        .def(
            "match",
            [](PrefixIndex& index, const InArray<Int>& blocks, Int n_engines, double now_s) {
                return to_numpy(index.match(view(blocks), n_engines, now_s));
            },
            "blocks"_a, "n_engines"_a, "now_s"_a)
        .def(
            "add",
            [](PrefixIndex& index, const InArray<Int>& blocks, Int engine, double now_s) {
                index.add(view(blocks), engine, now_s);
            },
            "blocks"_a, "engine"_a, "now_s"_a)
        .def(
            "add_all",
            [](PrefixIndex& index, const InArray<Int>& blocks, const InArray<Int>& offsets,
               const InArray<Int>& engines, double now_s) {
                index.add_all(view(blocks), view(offsets), view(engines), now_s);
            },
            "blocks"_a, "offsets"_a, "engines"_a, "now_s"_a)
        .def("forget", &PrefixIndex::forget, "engine"_a);

    nb::class_<WeighedChoice>(module, "Choice", "The engines that several rankings come to.")
        .def(nb::init<std::vector<double>, std::vector<bool>, bool>(), "weights"_a, "largest"_a,
             "strictly"_a)
        .def("best", &WeighedChoice::best, "among"_a, "scores"_a);

    module.def(
        "chain",
        [](nb::handle text, Int block_bytes, std::uint64_t seed) {
            if (block_bytes < 1) {
                throw std::invalid_argument("chain: block_bytes must be at least 1");
            }
            const Text held(text);
            return to_numpy(chain(held.bytes(), static_cast<std::size_t>(block_bytes), seed));
        },
        "text"_a, "block_bytes"_a, "seed"_a, "Names of the blocks of a text.");

    module.def("expected_peak", &expected_peak, "rows"_a, "kinds"_a, "pasts"_a, "others"_a,
               "now_s"_a, "tokens_per_s"_a, "Most tokens that requests will hold at once.");

    module.def("prompt_seconds", &prompt_seconds, "step_time"_a, "prompt_tokens"_a, "cached"_a,
               "How long prompts take alone of which so many tokens are cached.");
}

}  // namespace headway
