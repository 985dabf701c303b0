// The OpenTelemetry Collector's own parts that a gateway of events needs, and no others: logs in over OTLP/HTTP, a
// queue on the disk, and Kafka. Nothing of the Collector is changed.
package main

import (
	"log"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/kafkaexporter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

func parts() (otelcol.Factories, error) {
	storage, queue, kafka := filestorage.NewFactory(), otlphttpexporter.NewFactory(), kafkaexporter.NewFactory()
	receivers := otlpreceiver.NewFactory()
	return otelcol.Factories{
		Telemetry:  otelconftelemetry.NewFactory(),
		Extensions: map[component.Type]extension.Factory{storage.Type(): storage},
		Receivers:  map[component.Type]receiver.Factory{receivers.Type(): receivers},
		Exporters:  map[component.Type]exporter.Factory{queue.Type(): queue, kafka.Type(): kafka},
	}, nil
}

func main() {
	settings := confmap.ResolverSettings{
		DefaultScheme:     "file",
		ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()},
	}
	collector := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo:              component.BuildInfo{Command: "otelcol", Version: "0.165.1"},
		Factories:              parts,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: settings},
	})
	if err := collector.Execute(); err != nil {
		log.Fatal(err)
	}
}
