{{- define "external-secrets.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of what the release makes: the release's own where that says what it is. */}}
{{- define "external-secrets.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $made := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{ .Values.fullnameOverride | default $made | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "external-secrets.webhook" -}}
{{ include "external-secrets.fullname" . | trunc 55 | trimSuffix "-" }}-webhook
{{- end }}

{{/* The Secret with the key that records of filled Secrets are sealed with. */}}
{{- define "external-secrets.seal" -}}
{{ include "external-secrets.fullname" . | trunc 58 | trimSuffix "-" }}-seal
{{- end }}

{{- define "external-secrets.namespace" -}}
{{ .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{- define "external-secrets.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "external-secrets.fullname" .) "default") }}
{{- end }}

{{- define "external-secrets.selectorLabels" -}}
app.kubernetes.io/name: {{ include "external-secrets.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "external-secrets.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "external-secrets.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "external-secrets.image" -}}
{{- $repository := .Values.global.repository | default .Values.image.repository -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{ $repository }}:{{ $tag }}{{ with .Values.image.flavour }}-{{ . }}{{ end }}
{{- end }}

{{/* Whether Roles of one namespace take the place of ClusterRoles: something, or nothing. */}}
{{- define "external-secrets.scoped" -}}
{{- if .Values.scopedRBAC -}}
{{- required "scopedRBAC needs a scopedNamespace: name the namespace that is served" .Values.scopedNamespace -}}
{{- end -}}
{{- end }}

{{/* Whether ClusterSecretStores are served: something, or nothing. */}}
{{- define "external-secrets.clusterStores" -}}
{{- if and (not (include "external-secrets.scoped" .)) .Values.processClusterStore .Values.crds.createClusterSecretStore -}}
yes
{{- end -}}
{{- end }}

{{/* The annotations of the webhook configurations. */}}
{{- define "external-secrets.webhookAnnotations" -}}
{{- $manager := .Values.webhook.certManager -}}
{{- $annotations := deepCopy .Values.webhook.annotations -}}
{{- if and $manager.enabled $manager.addInjectorAnnotations -}}
{{- $certificate := printf "%s/%s" (include "external-secrets.namespace" .) (include "external-secrets.webhook" .) -}}
{{- $annotations = merge $annotations (dict "cert-manager.io/inject-ca-from" $certificate) -}}
{{- end -}}
{{- with $annotations -}}
{{- toYaml . -}}
{{- end -}}
{{- end }}

{{/* Whether a definition of this name is there that is not this release's: something, or nothing. */}}
{{- define "external-secrets.isOfOthers" -}}
{{- $there := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" .name -}}
{{- $release := dig "metadata" "annotations" "meta.helm.sh/release-name" "" $there -}}
{{- $namespace := dig "metadata" "annotations" "meta.helm.sh/release-namespace" "" $there -}}
{{- if and $there (not (and (eq $release .root.Release.Name) (eq $namespace .root.Release.Namespace))) -}}
yes
{{- end -}}
{{- end }}

{{/* A security context without what OpenShift sets itself. */}}
{{- define "external-secrets.securityContext" -}}
{{- $context := omit .context "enabled" -}}
{{- $adapt := .root.Values.global.compatibility.openshift.adaptSecurityContext -}}
{{- $isOpenShift := .root.Capabilities.APIVersions.Has "security.openshift.io/v1" -}}
{{- if or (eq $adapt "force") (and (eq $adapt "auto") $isOpenShift) -}}
{{- $context = omit $context "fsGroup" "runAsUser" "runAsGroup" -}}
{{- end -}}
{{- toYaml $context -}}
{{- end }}
