"""Products with their variants, pictures and attributes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from infra.errors import DomainError
from infra.money import Money
from modules.catalog.admin.forms import AttributeValueForm, ImageForm, ProductForm, VariantForm
from modules.catalog.models import AttributeValue, Image, Price, Product, Stock, Variant
from modules.catalog.use_cases import publish_product, withdraw_product
from modules.catalog.use_cases.listings import prepare_to_write_listings
from modules.catalog.use_cases.products import accept_edit, leave_slug


class VariantInline(admin.TabularInline[Variant, Product]):
    """The variants; prices and stock are on their own pages."""

    model = Variant
    form = VariantForm
    extra = 0
    min_num = 1
    can_delete = False  # orders know them; an inactive one is not sold
    show_change_link = True
    verbose_name_plural = "variants (save, then Change one to set prices and stock)"


class ImageInline(admin.TabularInline[Image, Product]):
    """The pictures, in their order."""

    model = Image
    form = ImageForm
    extra = 0
    readonly_fields = ("shown",)

    @admin.display(description="")
    def shown(self, image: Image) -> SafeString:
        return (
            format_html('<img src="{}" alt="" width="60" loading="lazy">', image.url) if image.url else SafeString("")
        )


class AttributeValueInline(admin.TabularInline[AttributeValue, Product]):
    """What is said of the product."""

    model = AttributeValue
    form = AttributeValueForm
    extra = 0


class OnSaleFilter(admin.SimpleListFilter):
    """On sale or not."""

    title = "on sale"
    parameter_name = "on_sale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        on_sale = {"published_at__isnull": False, "withdrawn_at__isnull": True}
        if self.value() == "yes":
            return queryset.filter(**on_sale)
        return queryset.exclude(**on_sale) if self.value() == "no" else queryset


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin[Product]):
    """Products. They are published and withdrawn by actions, because that is announced."""

    form = ProductForm
    list_display = ("shown", "title", "category", "vendor", "is_on_sale", "cheapest", "available")
    list_display_links = ("shown", "title")
    list_filter = (OnSaleFilter, "vendor")
    search_fields = ("title", "vendor", "slug", "variants__sku")
    autocomplete_fields = ("category",)
    prepopulated_fields: ClassVar = {"slug": ("title",)}
    fields = ("title", "slug", "category", "vendor", "tags", "description_html")
    inlines: ClassVar = [VariantInline, ImageInline, AttributeValueInline]
    actions = ["publish", "withdraw"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        cover = Image.objects.filter(product=OuterRef("pk")).order_by("position", "id").values("url")[:1]
        prices = Price.objects.filter(variant__product=OuterRef("pk")).order_by("amount")
        stock = Stock.objects.filter(variant__product=OuterRef("pk")).values("variant__product")
        pieces = stock.annotate(pieces=Sum("on_hand") - Sum("reserved")).values("pieces")
        return (
            super()
            .get_queryset(request)
            .select_related("category")
            .annotate(
                cover=Subquery(cover),
                amount=Subquery(prices.values("amount")[:1]),
                currency=Subquery(prices.values("currency")[:1]),
                pieces=Coalesce(Subquery(pieces), 0),
            )
        )

    @admin.display(description="")
    def shown(self, product: Any) -> SafeString:
        if not product.cover:
            return SafeString("&ndash;")
        return format_html('<img src="{}" alt="" width="48" height="48" loading="lazy">', product.cover)

    @admin.display(description="price from", ordering="amount")
    def cheapest(self, product: Any) -> str:
        return Money(product.amount, product.currency).as_text() if product.amount is not None else "-"

    @admin.display(description="available", ordering="pieces")
    def available(self, product: Any) -> int:
        return int(product.pieces)

    @admin.display(description="on sale", boolean=True)
    def is_on_sale(self, product: Product) -> bool:
        return product.is_on_sale

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False  # orders know its variants; it is withdrawn instead

    def save_model(self, request: HttpRequest, obj: Product, form: ModelForm[Product], change: bool) -> None:
        prepare_to_write_listings()  # before any row is locked, as everywhere
        super().save_model(request, obj, form, change)
        if change and "slug" in form.changed_data:
            leave_slug(obj, str(form.initial["slug"]))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        accept_edit(form.instance.pk)

    @admin.action(description="Put on sale")
    def publish(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._each(request, queryset, lambda product: publish_product(product.pk, at=timezone.now()), "on sale")

    @admin.action(description="Take off sale")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._each(request, queryset, lambda product: withdraw_product(product.pk, at=timezone.now()), "off sale")

    def _each(self, request: HttpRequest, queryset: QuerySet[Product], act: Any, done: str) -> None:
        count = 0
        for product in queryset:
            try:
                act(product)
                count += 1
            except DomainError as error:
                self.message_user(request, f"{product.title}: {error.detail}", messages.ERROR)
        self.message_user(request, f"{count} products are {done}.")
